//! One request and its answer, whatever the answer is read as: the part of an operation that is the
//! same for all entities, and so compiled once, here.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};

use bytes::Bytes;

use super::db::Db;
use crate::client::capacity::ConsumedCapacity;
use crate::client::observe::{Counts, Observed, Origin, Subject, Watch};
use crate::transport::{self, ApiOperation, Failure, FailureKind, Reply, Tables};
use crate::wire::ReadError;

/// A request as it is sent.
pub(crate) struct Request {
    pub(crate) tables: Tables,
    /// The index that it reads.
    pub(crate) index: Option<&'static str>,
    /// How many keys or operations it has, when it can have several.
    pub(crate) batch_size: Option<usize>,
    pub(crate) body: Bytes,
}

/// What a request ended with. Nobody who watches has seen it yet.
#[must_use = "an answer has to be decoded"]
pub(crate) struct Answer {
    watch: Watch,
    sent: Result<Reply, Failure>,
}

/// A request under way.
pub(crate) type Sending<'d> = Pin<Box<dyn Future<Output = Answer> + Send + 'd>>;

/// An operation whose requests a [`Db`] sends. Not a method with a type parameter, because that would
/// be compiled by everybody who calls it.
pub(crate) trait Exchange: ApiOperation {
    /// Sends a request; in a box, which costs one allocation.
    fn send(db: &Db, request: Request) -> Sending<'_>;
}

macro_rules! exchange {
    ($($operation:ident)*) => {$(
        impl Exchange for transport::$operation {
            fn send(db: &Db, request: Request) -> Sending<'_> {
                Box::pin(exchange::<Self>(db, request))
            }
        }
    )*};
}
exchange! {
    GetItem PutItem UpdateItem DeleteItem Query Scan BatchGetItem BatchWriteItem TransactWriteItems
    TransactGetItems
}

async fn exchange<O: ApiOperation>(db: &Db, request: Request) -> Answer {
    let Request {
        tables,
        index,
        batch_size,
        body,
    } = request;
    let watch = Watch::begin::<O>(&Subject {
        tables: &tables,
        index,
        batch_size,
    });
    let sent = match db.transport() {
        Ok(transport) => {
            // In its place: a future of this size is better not moved.
            let mut call = pin!(transport.call::<O>(tables, body));
            poll_fn(|cx| watch.span().in_scope(|| call.as_mut().poll(cx))).await
        }
        Err(message) => Err(Failure {
            attempts: 0,
            uncertain: false,
            request_id: None,
            kind: FailureKind::Construction(message.clone().into()),
        }),
    };
    Answer { watch, sent }
}

impl Answer {
    /// What the decoder makes of a successful answer.
    ///
    /// # Errors
    /// How the request failed, or that the answer cannot be read.
    #[expect(clippy::result_large_err, reason = "a failure is rare, and moved once")]
    pub(crate) fn decode<T: Observed>(
        self,
        decode: impl FnOnce(&[u8]) -> Result<T, ReadError>,
    ) -> Result<T, Failure> {
        self.take(|body| decode(&body))
    }

    /// As [`decode`](Self::decode), where the body is kept.
    ///
    /// # Errors
    /// As there.
    #[expect(clippy::result_large_err, reason = "a failure is rare, and moved once")]
    pub(crate) fn take<T: Observed>(
        self,
        take: impl FnOnce(Bytes) -> Result<T, ReadError>,
    ) -> Result<T, Failure> {
        let mut opened = self.open()?;
        let body = std::mem::take(&mut opened.reply.body);
        let entered = opened.watch.span().enter();
        let taken = take(body);
        drop(entered);
        match taken {
            Ok(mut output) => {
                output.came(opened.answered(output.capacity(), output.counts()));
                Ok(output)
            }
            Err(error) => Err(opened.unreadable(error)),
        }
    }

    #[expect(clippy::result_large_err, reason = "a failure is rare, and moved once")]
    fn open(self) -> Result<Opened, Failure> {
        let Answer { watch, sent } = self;
        match sent {
            Ok(reply) => Ok(Opened { watch, reply }),
            Err(failure) => Err(watch.failed(failure)),
        }
    }
}

/// A successful answer.
struct Opened {
    watch: Watch,
    reply: Reply,
}

impl Opened {
    fn answered(self, capacity: &[ConsumedCapacity], counts: Counts) -> Origin {
        let Opened { watch, reply } = self;
        let id = reply.request_id.as_deref();
        watch.answered(reply.attempts, id, capacity, counts);
        Origin {
            attempts: reply.attempts,
            request_id: reply.request_id,
        }
    }

    #[cold]
    fn unreadable(self, error: ReadError) -> Failure {
        self.watch.failed(Failure {
            attempts: self.reply.attempts,
            uncertain: false,
            request_id: self.reply.request_id,
            kind: FailureKind::Decode(error),
        })
    }
}

/// A request body for people to read.
pub(crate) fn text(body: Vec<u8>) -> Result<String, crate::Error> {
    String::from_utf8(body).map_err(|e| crate::Error::construction(e.to_string()))
}
