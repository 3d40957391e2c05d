//! The command line, and the database that it asks for.

use std::error::Error;

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use dynamodel::Db;

pub(crate) const HELP: &str = "\
A session store on DynamoDB, in nine steps.

usage: session_store [--endpoint URL | --aws] [--table-prefix P]

  --endpoint URL      a DynamoDB endpoint that takes any credentials, for instance DynamoDB Local
  --aws               AWS: region, credentials and endpoint from the environment
  --table-prefix P    starts the name of the table (default: example-)
  --help              this text

Without --endpoint and --aws the embedded engine is used: no server, no account. The table is
deleted at the end; a table of that name must not be there before.
";

/// Where the table is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// In this process.
    Embedded,
    /// An endpoint that takes any credentials.
    Endpoint(String),
    /// What the environment says.
    Aws,
}

/// The command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) place: Place,
    pub(crate) table_prefix: String,
}

impl Options {
    /// `None` when help is asked for.
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
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

    pub(crate) async fn connect(&self) -> Result<Db, Box<dyn Error>> {
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
