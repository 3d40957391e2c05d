//! The service's reasons for throttling.

use super::{Error, Kind};
use crate::transport::shown::is_code;
use crate::wire::{ReadError, Reader};

/// Returns the reasons in the body of an error response; empty when it has none.
pub(super) fn reasons(body: &[u8]) -> Vec<String> {
    let mut reasons = Vec::new();
    // The reasons before a damaged part count.
    let _ = read(body, &mut reasons);
    reasons
}

fn read(body: &[u8], reasons: &mut Vec<String>) -> Result<(), ReadError> {
    Reader::new(body)?.members(|name, r| match name {
        // The case of the first letter differs by exception.
        "ThrottlingReasons" | "throttlingReasons" if !r.json_null() => r.json_list(|r| {
            r.members(|name, r| match name {
                "reason" if !r.json_null() => {
                    let reason = r.json_string()?;
                    if is_code(&reason) {
                        reasons.push(reason.into_owned());
                    }
                    Ok(())
                }
                // A `null`, which the arm above has consumed.
                "reason" => Ok(()),
                _ => r.skip_value(),
            })
        }),
        "ThrottlingReasons" | "throttlingReasons" => Ok(()),
        _ => r.skip_value(),
    })
}

impl Error {
    /// Returns DynamoDB's reasons for throttling, such as `TableWriteKeyRangeThroughputExceeded` (one
    /// partition key is hot) or `IndexWriteProvisionedThroughputExceeded` (the index needs more
    /// capacity). Empty for other errors, and when the response names none.
    ///
    /// ```
    /// # use dynamodel::Error;
    /// fn is_hot_key(error: &Error) -> bool {
    ///     error.throttling_reasons().any(|reason| reason.contains("KeyRange"))
    /// }
    /// ```
    ///
    /// Source: [diagnosing throttling](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TroubleshootingThrottling.html).
    pub fn throttling_reasons(&self) -> impl Iterator<Item = &str> {
        let reasons = match &self.0.kind {
            Kind::Service { reasons, .. } => reasons.as_slice(),
            _ => &[],
        };
        reasons.iter().map(String::as_str)
    }
}
