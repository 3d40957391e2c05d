//! [`Db`]: the client that operations are sent to.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, RwLock};

use bytes::Bytes;

use crate::model::table::HasTable;
use crate::transport::{LaneStatus, Tables, Transport};

use crate::client::request::{Exchange, Request, Sending};

/// A connection to DynamoDB: an [`aws_sdk_dynamodb::Client`] and the names of the tables.
///
/// Cloning is cheap and shares everything. Credentials, signing, endpoints, retries and timeouts are
/// the client's own. Requests need what the SDK's need: a Tokio runtime with timers.
///
/// ```
/// # use dynamodel::{Db, Entity};
/// # #[derive(Debug, Clone, PartialEq, Entity)]
/// # #[dynamo(table = "users")]
/// # struct User { #[dynamo(partition)] id: String, name: String }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), dynamodel::Error> {
/// let db = Db::embedded()?; // in memory; on AWS: Db::from_env().await
/// db.create_table::<User>().await?;
/// let ada = User { id: "u1".into(), name: "Ada".into() }.create().send(&db).await?;
/// assert_eq!(User::get("u1").send(&db).await?, Some(ada));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    client: aws_sdk_dynamodb::Client,
    transport: Result<Transport, String>,
    prefix: String,
    names: HashMap<String, String>,
    resolved: RwLock<HashMap<&'static str, Arc<str>>>,
}

/// How to make a [`Db`] that names tables differently from the code. From [`Db::builder`].
#[derive(Clone, Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct Builder {
    client: Option<aws_sdk_dynamodb::Client>,
    prefix: String,
    names: HashMap<String, String>,
    /// Whether everything goes through the SDK's orchestrator.
    no_lane: bool,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("table_prefix", &self.prefix)
            .field("table_names", &self.names)
            .field("verified_lane", &!self.no_lane)
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// The SDK client to send with.
    pub fn client(mut self, client: aws_sdk_dynamodb::Client) -> Self {
        self.client = Some(client);
        self
    }

    /// Puts `prefix` before every table name, for instance `prod-`. Not before names that are given
    /// by [`table_name`](Self::table_name).
    pub fn table_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Uses the table `actual` where the code says `#[dynamo(table = "declared")]`.
    pub fn table_name(mut self, declared: impl Into<String>, actual: impl Into<String>) -> Self {
        self.names.insert(declared.into(), actual.into());
        self
    }

    /// Whether first attempts go past the SDK's orchestrator, on the verified lane: less than a fifth
    /// of the processor time of a request on one item, with the same bytes on the wire. On by default.
    ///
    /// The first request of each operation is made and signed by the SDK twice without being sent
    /// (about 0.1 ms). When dynamodel's own signature is the same to the byte, it becomes a template:
    /// the operation's requests then get their body, time, id and signature from dynamodel and go
    /// to the client's own HTTP client. Templates are made anew for other credentials, every day,
    /// and every five minutes. Whatever an attempt ends with other than a success, and what takes
    /// longer than a second, is handed to the SDK as *its* first attempt, unsent a second time:
    /// classification, retries and their quota, backoff, timeouts, clock skew, the fate of the
    /// connection and the type of the error stay the SDK's. Such a request costs both ways, a fifth
    /// more than without the lane: where most requests fail, `verified_lane(false)` is cheaper.
    ///
    /// Credentials, session tokens, endpoints (FIPS, dual stack, accounts, overrides), user agent,
    /// timeouts, protection against stalled streams, clock and HTTP client are the client's. The
    /// lane stays closed, and everything goes through the SDK as without it, for a client with
    /// interceptors, retry classifiers or a retry strategy of its own, adaptive retries, an own way
    /// to sign, to authenticate, to resolve endpoints or to make invocation ids, or a telemetry
    /// provider for the SDK's metrics (with or without the lane, one that is set only after the `Db`
    /// was made is not told of its requests). Batches and transactions on tables that are named by
    /// ARN go through the SDK too. [`Db::lane_status`] tells.
    ///
    /// Not to be seen on the lane: the SDK's own events and spans of [`tracing`]; dynamodel's span
    /// is there. Who reads the SDK's turns the lane off.
    ///
    /// ```
    /// # use dynamodel::{Db, Entity};
    /// # #[derive(Debug, Clone, PartialEq, Entity)]
    /// # #[dynamo(table = "users")]
    /// # struct User { #[dynamo(partition)] id: String, name: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let client = Db::embedded()?.client().clone();
    /// let db = Db::new(client.clone());
    /// # db.create_table::<User>().await?;
    /// User { id: "u1".into(), name: "Ada".into() }.create().send(&db).await?;
    /// assert!(db.lane_status().is_open(), "{:?}", db.lane_status().obstacle());
    /// assert_eq!(db.lane_status().answered(), 1);
    ///
    /// let db = Db::builder().client(client).verified_lane(false).build();
    /// assert_eq!(User::get("u1").send(&db).await?.unwrap().name, "Ada");
    /// assert_eq!(db.lane_status().answered(), 0); // all went through the SDK's orchestrator
    /// # Ok(())
    /// # }
    /// ```
    pub fn verified_lane(mut self, on: bool) -> Self {
        self.no_lane = !on;
        self
    }

    /// Makes the [`Db`]. Without a client, operations fail with an error that says so.
    pub fn build(self) -> Db {
        let client = self.client.unwrap_or_else(|| {
            aws_sdk_dynamodb::Client::from_conf(aws_sdk_dynamodb::Config::builder().build())
        });
        let transport = match self.no_lane {
            true => Transport::new(&client),
            false => Transport::with_lane(&client),
        };
        let transport = transport.map_err(|e| e.to_string());
        Db {
            inner: Arc::new(Inner {
                client,
                transport,
                prefix: self.prefix,
                names: self.names,
                resolved: RwLock::default(),
            }),
        }
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Db")
            .field("table_prefix", &self.inner.prefix)
            .finish_non_exhaustive()
    }
}

impl Db {
    /// Sends with this client: bring your own credentials, region, endpoint, retries, timeouts and
    /// interceptors. Sends nothing itself. One `Db` for a client, cloned where it is needed, is
    /// cheaper than several: each learns for itself [how requests look](Builder::verified_lane).
    pub fn new(client: aws_sdk_dynamodb::Client) -> Self {
        Self::builder().client(client).build()
    }

    /// Table prefix and per-table names.
    ///
    /// ```
    /// # use dynamodel::Db;
    /// # fn example(client: aws_sdk_dynamodb::Client) -> Db {
    /// Db::builder().client(client).table_prefix("prod-").table_name("sessions", "legacy_sessions").build()
    /// # }
    /// ```
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Region, credentials and endpoint from the environment, as every AWS tool reads them:
    /// `AWS_REGION`, `AWS_PROFILE`, `AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL_DYNAMODB`, the shared
    /// config files, and the roles of containers, Lambda and EC2.
    #[cfg(feature = "aws-config")]
    pub async fn from_env() -> Self {
        let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
        Self::new(aws_sdk_dynamodb::Client::new(&config))
    }

    /// An empty DynamoDB inside this process, in memory: no network, no AWS account. Each call makes
    /// a new one; clones of a `Db` share theirs.
    ///
    /// # Errors
    /// When the engine cannot start.
    #[cfg(feature = "embedded")]
    pub fn embedded() -> Result<Self, crate::Error> {
        crate::client::embedded::client(None)
            .map(Self::new)
            .map_err(crate::Error::engine)
    }

    /// A DynamoDB inside this process that keeps its data in the file `path`.
    ///
    /// # Errors
    /// When the file cannot be opened or is something else.
    #[cfg(feature = "embedded")]
    pub fn embedded_at(path: impl AsRef<std::path::Path>) -> Result<Self, crate::Error> {
        crate::client::embedded::client(Some(path.as_ref()))
            .map(Self::new)
            .map_err(crate::Error::engine)
    }

    /// The SDK's client, for everything that dynamodel does not do. On the embedded engine too.
    pub fn client(&self) -> &aws_sdk_dynamodb::Client {
        &self.inner.client
    }

    /// Whether the [verified lane](Builder::verified_lane) is open and used, and if not, why.
    pub fn lane_status(&self) -> LaneStatus {
        let transport = self.inner.transport.as_ref();
        transport.map_or(LaneStatus::NO_CLIENT, Transport::lane_status)
    }

    /// The name of `T`'s table on this connection, with prefix.
    pub fn table_name<T: HasTable>(&self) -> Arc<str> {
        self.resolve(T::TABLE.table)
    }

    pub(crate) fn resolve(&self, declared: &'static str) -> Arc<str> {
        let resolved = self
            .inner
            .resolved
            .read()
            .unwrap_or_else(|e| e.into_inner());
        if let Some(name) = resolved.get(declared) {
            return name.clone();
        }
        drop(resolved);
        let name: Arc<str> = match self.inner.names.get(declared) {
            Some(actual) => actual.as_str().into(),
            None => format!("{}{declared}", self.inner.prefix).into(),
        };
        let mut resolved = self
            .inner
            .resolved
            .write()
            .unwrap_or_else(|e| e.into_inner());
        resolved.insert(declared, name.clone());
        name
    }

    /// Sends the requests of this client.
    pub(crate) fn transport(&self) -> &Result<Transport, String> {
        &self.inner.transport
    }

    /// Sends one request about one table, or an index of it.
    pub(crate) fn ask<O: Exchange>(
        &self,
        table: Arc<str>,
        index: Option<&'static str>,
        body: Vec<u8>,
    ) -> Sending<'_> {
        let request = Request {
            tables: Tables::One(table),
            index,
            batch_size: None,
            body: body.into(),
        };
        O::send(self, request)
    }

    /// Sends one request with so many keys or operations about these tables.
    pub(crate) fn ask_tables<O: Exchange>(
        &self,
        tables: Vec<Arc<str>>,
        batch_size: usize,
        body: Bytes,
    ) -> Sending<'_> {
        let request = Request {
            tables: Tables::Many(tables),
            index: None,
            batch_size: Some(batch_size),
            body,
        };
        O::send(self, request)
    }
}
