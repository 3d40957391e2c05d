//! A server that follows a script, and databases on it.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Credentials, Region};
use aws_smithy_runtime::client::retries::RetryPartition;
use dynamodel::Db;

/// Behaviour of the server for one request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reply {
    /// Responds, in two pieces with a pause between them.
    Pieces(Duration),
    /// Closes the connection.
    Close,
    /// Announces more than it sends, and closes the connection.
    Cut,
    /// Never responds.
    Silence,
}

const ITEM: &str = r#"{"Item":{"id":{"S":"a"},"text":{"S":"text"},"version":{"N":"1"}}}"#;

/// A server of one script for all its connections; returns its address and what it was asked.
pub(super) fn server(script: impl IntoIterator<Item = Reply>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let script: Vec<_> = script.into_iter().collect();
    let script = Arc::new(Mutex::new(script.into_iter()));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = asked.clone();
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let (script, seen) = (script.clone(), seen.clone());
            std::thread::spawn(move || {
                let mut reader = BufReader::new(connection.try_clone().unwrap());
                while let Some(head) = read(&mut reader) {
                    seen.lock().unwrap().push(head);
                    let step = script.lock().unwrap().next();
                    let step = step.unwrap_or(Reply::Pieces(Duration::ZERO));
                    if answer(&connection, step).is_none() {
                        return;
                    }
                }
            });
        }
    });
    (address, asked)
}

/// The headers of the next request.
fn read(reader: &mut impl BufRead) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let head = head.to_lowercase();
    let (_, length) = head.split_once("content-length: ")?;
    let length = length.split_once("\r\n")?.0.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(head)
}

fn answer(mut connection: &TcpStream, reply: Reply) -> Option<()> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", ITEM.len());
    let (begin, end) = ITEM.split_at(20);
    match reply {
        Reply::Close => return None,
        Reply::Silence => std::thread::sleep(Duration::from_secs(60)),
        Reply::Cut => {
            write!(connection, "{head}{begin}").ok()?;
            return None;
        }
        Reply::Pieces(pause) => {
            write!(connection, "{head}{begin}").ok()?;
            std::thread::sleep(pause);
            write!(connection, "{end}").ok()?;
        }
    }
    Some(())
}

/// A database at this address.
pub(super) fn at(address: &str, configure: impl FnOnce(Builder) -> Builder) -> Db {
    let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("AKID", "SECRET", None, None, "test"))
        .retry_config(retries)
        .retry_partition(RetryPartition::new(dynamodel_tests::prefix()))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(address);
    let client = Client::from_conf(configure(config).build());
    Db::new(client)
}
