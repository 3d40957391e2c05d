//! Code that all examples share: the command line, and the database it selects.

use std::error::Error;

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use dynamodel::Db;

/// Result of an example.
pub type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const OPTIONS: &str = "
  --endpoint URL      a DynamoDB endpoint that takes any credentials, for instance DynamoDB Local
  --aws               AWS: region, credentials and endpoint from the environment
  --table-prefix P    starts the names of the tables (default: example-)
  --help              this text

Without --endpoint and --aws the embedded engine is used: no server, no account. The tables are
deleted at the end; tables of the same names must not exist at the start.
";

/// Connects to the database that the command line selects. For `--help`, prints `about` (the purpose of
/// the example) and the options, and returns `None`.
///
/// # Errors
/// If the command line is invalid, or the engine does not start.
pub async fn connect(about: &str) -> Outcome<Option<Db>> {
    let Some(options) = Options::parse(std::env::args().skip(1))? else {
        println!("{about}\n{OPTIONS}");
        return Ok(None);
    };
    options.connect().await.map(Some)
}

/// Database that holds the tables.
#[derive(Debug)]
enum Place {
    /// In this process.
    Embedded,
    /// An endpoint that takes any credentials.
    Endpoint(String),
    /// Region, credentials and endpoint from the environment.
    Aws,
}

#[derive(Debug)]
struct Options {
    place: Place,
    table_prefix: String,
}

impl Options {
    /// Parses the arguments; `None` for `--help`.
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut options = Options {
            place: Place::Embedded,
            table_prefix: "example-".to_owned(),
        };
        while let Some(arg) = args.next() {
            let mut value = || {
                args.next()
                    .ok_or(format!("{arg} needs a value; see --help"))
            };
            match arg.as_str() {
                "--endpoint" => options.place = Place::Endpoint(value()?),
                "--aws" => options.place = Place::Aws,
                "--table-prefix" => options.table_prefix = value()?,
                "-h" | "--help" => return Ok(None),
                _ => return Err(format!("unknown argument `{arg}`; see --help")),
            }
        }
        Ok(Some(options))
    }

    async fn connect(&self) -> Outcome<Db> {
        let client = match &self.place {
            Place::Embedded => Db::embedded()?.client().clone(),
            Place::Endpoint(url) => local_client(url),
            Place::Aws => Db::from_env().await.client().clone(),
        };
        let db = Db::builder()
            .client(client)
            .table_prefix(&self.table_prefix);
        Ok(db.build())
    }
}

fn local_client(url: &str) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "example"))
        .endpoint_url(url);
    aws_sdk_dynamodb::Client::from_conf(config.build())
}
