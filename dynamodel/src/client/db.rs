//! [`Db`]: the client that operations are sent to.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, RwLock};
use std::time::SystemTime;

use bytes::Bytes;

use crate::model::table::HasTable;
use crate::transport::{Operation, Options, Tables, Transport, TransportStatus};

#[cfg(feature = "sealed-cursors")]
use crate::client::cursor_keys::CursorKeys;
use crate::client::request::{Request, Sending};

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
///
/// [`aws_sdk_dynamodb::Client`]: https://docs.rs/aws-sdk-dynamodb/1/aws_sdk_dynamodb/struct.Client.html
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    client: aws_sdk_dynamodb::Client,
    transport: Transport,
    clock: Option<Clock>,
    prefix: String,
    names: HashMap<String, String>,
    #[cfg(feature = "sealed-cursors")]
    cursor_keys: Option<Arc<CursorKeys>>,
    resolved: RwLock<HashMap<&'static str, Arc<str>>>,
}

/// Options of a [`Db`]: its client, the names of its tables, and the path of its requests. From
/// [`Db::builder`].
#[derive(Clone, Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct Builder {
    client: Option<aws_sdk_dynamodb::Client>,
    prefix: String,
    names: HashMap<String, String>,
    #[cfg(feature = "sealed-cursors")]
    cursor_keys: Option<CursorKeys>,
    options: Options,
    clock: Option<Clock>,
}

/// Tells the time.
type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("table_prefix", &self.prefix)
            .field("table_names", &self.names)
            .field("transport", &self.options)
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

    /// Seals the cursors of this `Db` with a key of your own, so that the clients of a service can
    /// neither read the keys in them nor make one: [`Cursor`](crate::Cursor) and
    /// [`ScanCursor`](crate::ScanCursor) are encrypted with XChaCha20-Poly1305 and bound to table,
    /// index and partition. Costs no request, and 40 bytes for each cursor.
    ///
    /// Cursors in text that are not sealed, are changed, come from another read, or were sealed with
    /// another key are refused ([`is_invalid_cursor`](crate::Error::is_invalid_cursor)). Called more
    /// than once, the first key seals and all of them open: put a new key first, and leave the old
    /// one behind it until no client has a cursor of it.
    ///
    /// ```
    /// # use dynamodel::{Cursor, Db, Entity};
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "visits")]
    /// # struct Visit { #[dynamo(partition)] page: String, #[dynamo(sort)] at: u64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let client = Db::embedded()?.client().clone();
    /// # let secret = [7; 32];
    /// let db = Db::builder().client(client).cursor_key(secret).build();
    /// # db.create_table::<Visit>().await?;
    /// # for at in 1..=3 { Visit { page: "/".into(), at }.create().send(&db).await?; }
    /// let page = Visit::query("/").page_size(2).page(&db).await?;
    /// let text = page.next.map(|cursor| cursor.to_string()).unwrap_or_default();
    ///
    /// let cursor: Cursor = text.parse()?;
    /// let other = Visit::query("/other").start_at(cursor.clone()).page(&db).await;
    /// assert!(other.unwrap_err().is_invalid_cursor());
    /// assert_eq!(Visit::query("/").start_at(cursor).page(&db).await?.items[0].at, 3);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "sealed-cursors")]
    pub fn cursor_key(mut self, key: [u8; 32]) -> Self {
        self.cursor_keys.get_or_insert_default().add(&key);
        self
    }

    /// Lets first attempts bypass the SDK's orchestrator, on the fast path, with the same bytes on the
    /// wire. A request on one item takes less than a fifth of the processor time that it takes through
    /// the orchestrator. On by default.
    ///
    /// The first request of each operation is made and signed by the SDK twice without being sent
    /// (about 0.1 ms). When dynamodel's own signature is the same to the byte, that signed request is
    /// cached: the operation's requests then get their body, time, id and signature from dynamodel and
    /// go to the client's own HTTP client. Requests are captured again for other credentials, every
    /// day, and every five minutes. A condition that is not met and a canceled transaction
    /// are final responses too. An attempt that fails in another way, or takes longer than a second
    /// (and longer than that while many are in flight), is given to the SDK as *its* first attempt, and
    /// is not sent a second time for that: classification, retries and
    /// their quota, backoff, timeouts, clock skew, the fate of the connection and the type of the error
    /// stay the SDK's. Such a request costs a fifth more processor time than one without the fast path:
    /// where most requests fail, `fast_path(false)` is cheaper.
    ///
    /// Credentials, session tokens, endpoints (FIPS, dual stack, accounts, overrides), user agent,
    /// timeouts, protection against stalled streams, clock and HTTP client are the client's. The
    /// fast path stays closed for a client with interceptors or retry classifiers, which lead to the
    /// [plain path](Self::plain_path) unless [declared](Self::interceptors_see_http_only) to see HTTP
    /// alone. It stays closed, and everything goes through the SDK's orchestrator as without it, for a
    /// client with a retry strategy of its own, adaptive retries, an own way to sign, to authenticate,
    /// to resolve endpoints or to make invocation ids, or a telemetry provider for the SDK's metrics
    /// (with or without the fast path, one that is set only after the `Db` was made is not told of its
    /// requests). Batches and transactions on tables that are named by ARN go through the orchestrator
    /// too. [`Db::transport_status`] tells the reason.
    ///
    /// The fast path does not emit the SDK's own events and spans of [`tracing`]; dynamodel's span
    /// is there. Turn it off to read the SDK's.
    ///
    /// ```
    /// # use dynamodel::{Db, Entity, TransportPath};
    /// # #[derive(Debug, Clone, PartialEq, Entity)]
    /// # #[dynamo(table = "users")]
    /// # struct User { #[dynamo(partition)] id: String, name: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let client = Db::embedded()?.client().clone();
    /// let db = Db::new(client.clone());
    /// # db.create_table::<User>().await?;
    /// User { id: "u1".into(), name: "Ada".into() }.create().send(&db).await?;
    /// let status = db.transport_status();
    /// assert_eq!(status.path(), TransportPath::Fast, "{:?}", status.reason());
    /// assert_eq!(status.fast_path().succeeded(), 1);
    ///
    /// let db = Db::builder().client(client).fast_path(false).build();
    /// assert_eq!(User::get("u1").send(&db).await?.unwrap().name, "Ada");
    /// assert_eq!(db.transport_status().path(), TransportPath::Raw); // through the SDK's orchestrator
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [`tracing`]: https://docs.rs/tracing
    pub fn fast_path(mut self, on: bool) -> Self {
        self.options.fast_path = on;
        self
    }

    /// Declares that the client's interceptors and retry classifiers neither read nor change typed
    /// inputs and outputs of operations, only HTTP requests and responses. Off by default.
    ///
    /// A client with any of them is served on the [plain path](Self::plain_path) without this, because
    /// an interceptor may well encrypt attributes of `PutItemInput`, as AWS's Database Encryption SDK
    /// does, and a retry classifier may have an output sent again for its attributes. With this its
    /// requests go through the SDK's orchestrator as bytes, for about 0.6 of the processor time of the
    /// plain path; the interceptors and classifiers run, and find no typed input or output. Typed
    /// errors are there.
    ///
    /// ```
    /// # use dynamodel::{Db, TransportPath};
    /// # use aws_sdk_dynamodb::config::{Intercept, interceptors::BeforeTransmitInterceptorContextMut};
    /// # use aws_sdk_dynamodb::config::{ConfigBag, RuntimeComponents};
    /// #[derive(Debug)]
    /// struct AddHeader;
    /// # #[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
    /// impl Intercept for AddHeader {
    ///     fn name(&self) -> &'static str { "AddHeader" }
    ///     // .. modify_before_signing inserts a header
    /// }
    /// # fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let config = dynamodel::embedded::EmbeddedEngine::memory()?.config();
    /// let client = aws_sdk_dynamodb::Client::from_conf(config.interceptor(AddHeader).build());
    /// assert_eq!(Db::new(client.clone()).transport_status().path(), TransportPath::Plain);
    ///
    /// let db = Db::builder().client(client).interceptors_see_http_only(true).build();
    /// assert_eq!(db.transport_status().path(), TransportPath::Raw);
    /// # Ok(())
    /// # }
    /// ```
    pub fn interceptors_see_http_only(mut self, on: bool) -> Self {
        self.options.interceptors_see_http_only = on;
        self
    }

    /// Sends every request as one of the SDK's own operations with typed inputs and outputs, on the
    /// plain path: about the processor time of code on the SDK that is written by hand. Off by default.
    ///
    /// The plain path is taken without this too, with a warning that names the reason, when the SDK's
    /// parts are not those that this version of dynamodel knows, and when the client has interceptors
    /// or retry classifiers that are not
    /// [declared to look only at HTTP](Self::interceptors_see_http_only).
    ///
    /// ```
    /// # use dynamodel::{Db, TransportPath};
    /// # fn main() -> Result<(), dynamodel::Error> {
    /// # let client = Db::embedded()?.client().clone();
    /// let db = Db::builder().client(client).plain_path(true).build();
    /// assert_eq!(db.transport_status().path(), TransportPath::Plain);
    /// # Ok(())
    /// # }
    /// ```
    pub fn plain_path(mut self, on: bool) -> Self {
        self.options.plain_path = on;
        self
    }

    /// Takes the time from this clock instead of the machine's: for `created_at` and `updated_at`
    /// fields, and for what [`unexpired`](crate::Query::unexpired) leaves out. It is asked when an
    /// operation is sent. The SDK client has a clock of its own for signatures, and
    /// [`is_expired_at`](crate::Entity::is_expired_at) takes any time.
    ///
    /// ```
    /// # use std::time::{Duration, SystemTime, UNIX_EPOCH};
    /// # use dynamodel::{Db, Entity};
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "notes")]
    /// # struct Note { #[dynamo(partition)] id: u64, #[dynamo(updated_at)] changed: u64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let client = Db::embedded()?.client().clone();
    /// let clock = || UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    /// let db = Db::builder().client(client).clock(clock).build();
    /// # db.create_table::<Note>().await?;
    /// let note = Note { id: 1, changed: 0 }.create().send(&db).await?;
    /// assert_eq!(note.changed, 1_700_000_000);
    /// # Ok(())
    /// # }
    /// ```
    pub fn clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Some(Arc::new(now));
        self
    }

    /// Makes the [`Db`]. Without a client, operations fail with an error that says so, and send nothing.
    pub fn build(self) -> Db {
        let options = Options {
            has_client: self.client.is_some(),
            ..self.options
        };
        let client = self.client.unwrap_or_else(|| {
            aws_sdk_dynamodb::Client::from_conf(aws_sdk_dynamodb::Config::builder().build())
        });
        let transport = Transport::new(&client, options);
        Db {
            inner: Arc::new(Inner {
                clock: self.clock,
                client,
                transport,
                prefix: self.prefix,
                names: self.names,
                #[cfg(feature = "sealed-cursors")]
                cursor_keys: self.cursor_keys.map(Arc::new),
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
    /// cheaper than several: each learns for itself [how requests look](Builder::fast_path).
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

    /// A DynamoDB inside this process that keeps its data in the file `path`, which is created with
    /// the first operation if it does not exist. No thread of the runtime is blocked, neither to open
    /// the file nor to close it when the last clone of the `Db` is dropped.
    ///
    /// ```
    /// # use dynamodel::Db;
    /// # fn main() -> Result<(), dynamodel::Error> {
    /// let file = std::env::temp_dir().join("dynamodel-docs.db");
    /// let db = Db::embedded_at(&file)?;
    /// assert!(Db::embedded_at(":memory:").is_err()); // `Db::embedded()` keeps data in memory
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Embedded`](crate::ErrorKind::Embedded) when the path is empty, `:memory:` or a `file:` URI,
    /// its folder does not exist, or the file is not a database of the engine, which then was not
    /// touched. When the file cannot be opened or written later, operations fail with the same kind.
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

    /// The path that requests take, why it is not a faster one, and the counts of the
    /// [fast path](Builder::fast_path). Sends nothing.
    pub fn transport_status(&self) -> TransportStatus {
        self.inner.transport.status()
    }

    /// The name of `T`'s table on this connection, with prefix.
    pub fn table_name<T: HasTable>(&self) -> Arc<str> {
        self.resolve(T::TABLE.table)
    }

    /// Returns the keys that seal cursors.
    #[cfg(feature = "sealed-cursors")]
    pub(crate) fn cursor_keys(&self) -> Option<&Arc<CursorKeys>> {
        self.inner.cursor_keys.as_ref()
    }

    /// The time of this moment, by the `Db`'s clock.
    pub(crate) fn now(&self) -> SystemTime {
        self.inner
            .clock
            .as_ref()
            .map_or_else(SystemTime::now, |now| now())
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

    /// Sends one request about one table, or an index of it.
    pub(crate) fn ask(
        &self,
        operation: Operation,
        table: Arc<str>,
        index: Option<&'static str>,
        body: Vec<u8>,
    ) -> Sending<'_> {
        let request = Request {
            operation,
            tables: Tables::One(table),
            index,
            batch_size: None,
            body: body.into(),
        };
        Sending::new(&self.inner.transport, request)
    }

    /// Sends one request with so many keys or operations about these tables.
    pub(crate) fn ask_tables(
        &self,
        operation: Operation,
        tables: Vec<Arc<str>>,
        batch_size: usize,
        body: Bytes,
    ) -> Sending<'_> {
        let request = Request {
            operation,
            tables: Tables::Many(tables),
            index: None,
            batch_size: Some(batch_size),
            body,
        };
        Sending::new(&self.inner.transport, request)
    }
}
