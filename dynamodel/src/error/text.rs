//! `Display` and `Debug` of errors: names, and never a value.

use std::error::Error as _;
use std::fmt;

use super::{Error, ErrorKind, Inner, Kind, Limit};
use crate::transport::shown::Shown;
use crate::transport::{NoClient, configuration_mistake};

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            kind,
            entity,
            operation,
            ..
        } = &*self.0;
        match (operation, entity) {
            (Some(operation), Some(entity)) => write!(f, "{operation} {entity}: ")?,
            (Some(name), None) | (None, Some(name)) => write!(f, "{name}: ")?,
            (None, None) => {}
        }
        match kind {
            Kind::Condition { kind, item, .. } => f.write_str(refusal(*kind, item.is_some()))?,
            Kind::NotFound => f.write_str(refusal(ErrorKind::NotFound, false))?,
            Kind::Canceled(canceled) => write!(f, "{canceled}")?,
            Kind::Taken { attribute, .. } => write!(
                f,
                "the value of the unique attribute `{attribute}` belongs to another item"
            )?,
            Kind::Unprocessed => {
                f.write_str("DynamoDB left a part of the batch undone, as often as it was asked")?;
            }
            Kind::Read(e) => write!(f, "the stored item cannot be read: {e}")?,
            Kind::Returned(item) => {
                let done = match *operation {
                    Some("DeleteItem") => "the item was deleted",
                    _ => "the item was written",
                };
                write!(f, "{done}, and what the write returns of it cannot be read: {item}")?;
            }
            Kind::LostValues => f.write_str("the write is done, and its old values are not known")?,
            Kind::Write(e) => write!(f, "the value cannot be stored: {e}")?,
            Kind::InvalidKey(e) => write!(f, "invalid key: {e}")?,
            Kind::Limit(limit) => write!(f, "{limit}")?,
            Kind::InvalidRequest(message) | Kind::Table(message) | Kind::Waited(message) => {
                f.write_str(message)?;
            }
            Kind::Cursor(what) => write!(f, "invalid cursor: {what}")?,
            Kind::Service {
                code,
                message,
                status,
                ..
            } => {
                match code {
                    Some(code) => f.write_str(code)?,
                    None => write!(f, "the service responded with HTTP status {status}")?,
                }
                // Behind a refused signature the service shows the request that it has signed.
                let is_of_signature = self.kind() == ErrorKind::AccessDenied
                    && !matches!(
                        code.as_deref(),
                        Some("AccessDeniedException" | "NotAuthorized" | "OptInRequired")
                    );
                let is_shown = code.is_some() && !is_of_signature;
                if let Some(message) = message.as_deref().filter(|_| is_shown) {
                    write!(f, ": {}", Shown(message))?;
                }
                let mut between = " (";
                for reason in self.throttling_reasons() {
                    write!(f, "{between}{reason}")?;
                    between = ", ";
                }
                if between != " (" {
                    f.write_str(")")?;
                }
                if self.is_table_not_found() {
                    f.write_str("; make it with `create_table`, or see whether region, endpoint and table prefix are those of the table")?;
                }
            }
            Kind::Timeout(_) => f.write_str("no response in time")?,
            Kind::Connection(_) => f.write_str("the endpoint could not be reached, or the connection broke")?,
            Kind::Credentials(_) => f.write_str(
                "there are no AWS credentials to sign the request with; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE or a role",
            )?,
            Kind::Response(_) => f.write_str("the response could not be read")?,
            Kind::Construction(e) if e.is::<NoClient>() => {
                write!(f, "{e}; give one to `Db::builder().client(..)`")?;
            }
            Kind::Construction(e) => {
                f.write_str(configuration_mistake(&**e).unwrap_or(
                    "the request could not be made with the client's configuration",
                ))?;
            }
            Kind::Engine(e) => write!(f, "the embedded engine: {e}")?,
            Kind::Contended { attempts, last } => {
                write!(f, "gave up after {attempts} conflicts: {last}")?;
            }
            Kind::Other(e) => write!(f, "{e}")?,
        }
        if self.is_ambiguous() {
            f.write_str("; an earlier attempt of this call may have written it")?;
        } else if self.may_have_happened() && !self.has_happened() && self.0.left.is_none() {
            f.write_str("; the write may have happened")?;
        }
        if let Some(refused) = &self.0.refused {
            write!(f, "; {}", refused.remedy)?;
        }
        if let Some(left) = &self.0.left {
            write!(f, "; {left}")?;
        }
        if let Some(id) = &self.0.request_id {
            write!(f, " (request id {id})")?;
        }
        Ok(())
    }
}

/// Returns the text of a write that the stored item, or its absence, refuses.
fn refusal(kind: ErrorKind, has_item: bool) -> &'static str {
    match (kind, has_item) {
        (ErrorKind::NotFound, _) => "the item does not exist",
        (ErrorKind::OtherEntity, _) => "the key is that of an item of another entity",
        (ErrorKind::AlreadyExists, _) => "conflict: the item exists already",
        (ErrorKind::VersionConflict, false) => "conflict: the item at the expected version is gone",
        (ErrorKind::VersionConflict, true) => "conflict: the item was written by somebody else",
        _ => "the condition was not met",
    }
}

/// Prints the kind, the text of `Display` and the causes. Of the SDK's errors that is what
/// `Shown` allows: their own `Debug` would show items.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind())
            .field("text", &self.to_string())
            .field("causes", &Causes(self))
            .finish()
    }
}

/// The texts of the errors behind an error.
struct Causes<'a>(&'a Error);

impl fmt::Debug for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_own = match &self.0.0.kind {
            // The service's own text, of which `Display` has shown what may be shown.
            Kind::Condition { .. }
            | Kind::Canceled(_)
            | Kind::Taken { .. }
            | Kind::Service { .. } => {
                return f.debug_list().finish();
            }
            // Providers put the output of programs and lines of files behind it.
            Kind::Credentials(_) => return f.debug_list().finish(),
            Kind::Read(_)
            | Kind::Returned(_)
            | Kind::Write(_)
            | Kind::InvalidKey(_)
            | Kind::Contended { .. }
            | Kind::Other(_) => true,
            _ => false,
        };
        let mut list = f.debug_list();
        for cause in std::iter::successors(self.0.source(), |&cause| cause.source()) {
            let text = cause.to_string();
            match is_own {
                true => list.entry(&text),
                false => list.entry(&format_args!("\"{}\"", Shown(&text))),
            };
        }
        list.finish()
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Limit::ExpressionSize => f.write_str("an expression is longer than 4 KB"),
            Limit::ExpressionOperators => {
                f.write_str("an expression has more than 300 operators and functions")
            }
            Limit::InOperands => f.write_str("`in_` takes at most 100 values"),
            Limit::TransactionOperations { operations, guards } => {
                write!(f, "the transaction has {operations} operations")?;
                if *guards > 0 {
                    write!(f, ", {guards} of them on items of unique attributes")?;
                }
                f.write_str(", more than DynamoDB's 100")
            }
            Limit::TransactionSize { bytes } => {
                write!(
                    f,
                    "the items of the transaction have {bytes} bytes, more than DynamoDB's 4 MB \
                     (4,194,304 bytes)"
                )
            }
            Limit::ItemSize { bytes } => {
                write!(
                    f,
                    "the item has {bytes} bytes, more than DynamoDB's 400 KB (409,600 bytes)"
                )
            }
        }
    }
}
