//! CPU time of a whole client process over HTTP on the loopback interface, dynamodel beside the SDK by
//! hand. The service is a stub in a process of its own, which responds with canned bytes.
//!
//! `cargo run --release -p dynamodel-bench --example loopback [-- ROUNDS]`
//!
//! The processes of a case take turns, and each reports the time of its operations alone, without its
//! start and its first requests. Without TLS, which costs both the same.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use aws_smithy_http_client::Builder as HttpClient;
use cpu_time::ProcessTime;
use dynamodel::{Db, Entity};
use dynamodel_bench::model::{Order, Sample, TABLE, get_answer, page_answer};
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const RAW: &str = "raw";
const OURS: &str = "dynamodel";
const CASES: [(&str, usize); 5] = [
    ("get", 4_000),
    ("put", 4_000),
    ("refused put", 4_000),
    ("query of 250 items", 200),
    (TOGETHER, 4),
];
/// Gets that are sent at once, on one client.
const TOGETHER: &str = "1,000 gets at once";
const AT_ONCE: usize = 1_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["--stub"] => runtime().block_on(stub()),
        ["--client", case, contestant, port] => runtime().block_on(client(case, contestant, port)),
        rounds => compare(rounds.first().and_then(|n| n.parse().ok()).unwrap_or(5)),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime can be made")
}

/// Starts this program with other arguments.
fn process(arguments: &[&str]) -> Child {
    let program = std::env::current_exe().expect("this program has a path");
    let mut command = Command::new(program);
    let command = command.args(arguments).stdout(Stdio::piped());
    command.spawn().expect("this program can be started")
}

fn first_line(process: &mut Child) -> String {
    let mut line = String::new();
    let out = process.stdout.take().expect("its output is piped");
    let read = BufReader::new(out).read_line(&mut line);
    read.expect("it prints a line");
    line.trim().to_owned()
}

fn compare(rounds: usize) {
    let mut service = process(&["--stub"]);
    let port = first_line(&mut service);
    println!(
        "| CPU of the client process, µs | raw | dynamodel | raw / dynamodel | given to the SDK |"
    );
    println!("|---|--:|--:|--:|--:|");
    for (case, _) in CASES {
        let mut times = [Vec::new(), Vec::new()];
        let mut fallbacks = String::new();
        for _ in 0..rounds {
            for (contestant, times) in [RAW, OURS].iter().zip(&mut times) {
                let mut client = process(&["--client", case, contestant, &port]);
                let line = first_line(&mut client);
                assert!(client.wait().is_ok_and(|status| status.success()), "{case}");
                let (time, given) = line.split_once(' ').expect("a time and a number");
                times.push(time.parse::<f64>().expect("a time"));
                fallbacks = given.to_owned();
            }
        }
        let [raw, ours] = times.map(median);
        let ratio = raw / ours;
        println!("| {case} | {raw:.1} | {ours:.1} | {ratio:.1} | {fallbacks} |");
    }
    service.kill().expect("the stub runs");
    service.wait().expect("the stub ends");
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Measures one contestant, and prints its time for one operation, in µs, and how many requests the
/// fast path gave to the SDK.
async fn client(case: &str, contestant: &str, port: &str) {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new(
            "AKIDEXAMPLE",
            "secret",
            None,
            None,
            "stub",
        ))
        .endpoint_url(format!("http://127.0.0.1:{port}"))
        .http_client(HttpClient::new().build_http());
    let raw = Client::from_conf(config.build());
    let db = Db::new(raw.clone());
    let order = Order::sample(1);
    let times = CASES.iter().find(|(name, _)| *name == case);
    let (_, times) = *times.expect("a known case");
    let run = async |times: usize| {
        for _ in 0..times {
            match contestant {
                RAW => by_hand(case, &raw, &order).await,
                _ => by_us(case, &db, &order).await,
            }
        }
    };
    // Connections, credentials and what the fast path captures.
    run(times.div_ceil(20)).await;
    let before = db.transport_status().fast_path();
    let started = ProcessTime::now();
    run(times).await;
    let elapsed = started.elapsed();
    let after = db.transport_status().fast_path();
    let operations = match case {
        TOGETHER => times * AT_ONCE,
        _ => times,
    };
    let each = elapsed.as_secs_f64() * 1e6 / operations as f64;
    let answered = after.succeeded() - before.succeeded();
    let given = match contestant {
        RAW => 0,
        _ => operations as u64 - answered,
    };
    println!("{each:.3} {given}");
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

async fn by_hand(case: &str, raw: &Client, order: &Order) {
    let get = async || {
        let get = raw.get_item().table_name(TABLE);
        let get = get.key("pk", text(&order.pk)).key("sk", text(&order.sk));
        let item = get.send().await.expect("it is answered").item;
        <Order as Sample>::from_attributes(item.expect("it is found")).expect("an order")
    };
    let put = || {
        let put = raw.put_item().table_name(TABLE);
        put.set_item(Some(order.to_attributes()))
    };
    match case {
        "get" => assert_eq!(get().await.sk, order.sk),
        "put" => drop(put().send().await.expect("it is answered")),
        "refused put" => {
            let put = put()
                .condition_expression("attribute_not_exists(#pk)")
                .expression_attribute_names("#pk", "pk")
                .return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                );
            let refused = put.send().await.expect_err("it is refused");
            let refused = refused.into_service_error();
            assert!(refused.is_conditional_check_failed_exception());
        }
        TOGETHER => {
            let orders = join_all((0..AT_ONCE).map(|_| get())).await;
            assert_eq!(orders.len(), AT_ONCE);
        }
        _ => {
            let query = raw.query().table_name(TABLE);
            let query = query
                .key_condition_expression("#pk = :pk")
                .expression_attribute_names("#pk", "pk")
                .expression_attribute_values(":pk", text(&order.pk));
            let items = query.send().await.expect("it is answered").items;
            let orders = items
                .unwrap_or_default()
                .into_iter()
                .map(<Order as Sample>::from_attributes);
            assert_eq!(
                orders.collect::<Option<Vec<_>>>().map(|o| o.len()),
                Some(250)
            );
        }
    }
}

async fn by_us(case: &str, db: &Db, order: &Order) {
    let get = async || {
        let get = Order::get(order.pk.as_str(), order.sk.as_str()).send(db);
        get.await.expect("it is answered").expect("it is found")
    };
    match case {
        "get" => assert_eq!(get().await.sk, order.sk),
        "put" => drop(
            Entity::put(order.clone())
                .send(db)
                .await
                .expect("it is answered"),
        ),
        "refused put" => {
            let refused = order.clone().create().send(db).await;
            let refused = refused.expect_err("it is refused");
            assert!(refused.current::<Order>().is_some());
        }
        TOGETHER => {
            let orders = join_all((0..AT_ONCE).map(|_| get())).await;
            assert_eq!(orders.len(), AT_ONCE);
        }
        _ => {
            // One page: the canned one always names a next one.
            let page = Order::query(order.pk.as_str()).page(db).await;
            assert_eq!(page.expect("it is answered").items.len(), 250);
        }
    }
}

/// Canned responses, as they travel.
struct Responses {
    get: Vec<u8>,
    query: Vec<u8>,
    put: Vec<u8>,
    refused: Vec<u8>,
}

/// Serves HTTP/1.1 on a port of its own, which it prints.
async fn stub() {
    let response = |status: &str, body: &[u8]| {
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\nx-amzn-requestid: STUB\r\nx-amz-crc32: {}\r\n\r\n",
            body.len(),
            crc32fast::hash(body),
        );
        [head.as_bytes(), body].concat()
    };
    let stored = get_answer::<Order>(false);
    let error = br#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed","#;
    let refused = [error.as_slice(), stored.get(1..).unwrap_or_default()].concat();
    let responses: &Responses = Box::leak(Box::new(Responses {
        get: response("200 OK", &stored),
        query: response("200 OK", &page_answer::<Order>(250, false)),
        put: response("200 OK", b"{}"),
        refused: response("400 Bad Request", &refused),
    }));
    let listener = TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("the loopback interface has a free port");
    let port = listener.local_addr().expect("it is bound").port();
    println!("{port}");
    std::io::stdout().flush().expect("the port can be told");
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, responses));
    }
}

/// Responds to the requests of one connection until the client closes it.
async fn serve(mut stream: TcpStream, responses: &Responses) {
    let _ = stream.set_nodelay(true);
    let mut received = Vec::with_capacity(8 * 1024);
    loop {
        while let Some((head, length)) = request(&received) {
            let all = head + length;
            if received.len() < all {
                break;
            }
            let response = respond(&received[..head], &received[head..all], responses);
            if stream.write_all(response).await.is_err() {
                return;
            }
            received.drain(..all);
        }
        match stream.read_buf(&mut received).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

/// Returns the length of the head of a request, and that of its body.
fn request(received: &[u8]) -> Option<(usize, usize)> {
    let head = received.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&received[..head])
        .ok()?
        .to_ascii_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))?;
    Some((head, length.trim().parse().ok()?))
}

fn respond<'r>(head: &[u8], body: &[u8], responses: &'r Responses) -> &'r [u8] {
    let has = |text: &[u8], part: &str| text.windows(part.len()).any(|w| w == part.as_bytes());
    if has(head, "DynamoDB_20120810.GetItem") {
        &responses.get
    } else if has(head, "DynamoDB_20120810.Query") {
        &responses.query
    } else if has(body, "ConditionExpression") {
        &responses.refused
    } else {
        &responses.put
    }
}
