//! Measures the cost of deriving at compile time: 100 structs of 10 fields with dynamodel, with serde,
//! and with modyne (which needs serde too), each in a crate of its own; and for each of these crates a
//! program that reads, puts and queries every struct. The program for serde uses the raw SDK and
//! serde_dynamo.
//!
//! `cargo run -p dynamodel-bench --example compile_time [-- --release]`
//!
//! The crates are written to `target/compile-time`. The measurement is the CPU time of compiling one
//! crate when all its dependencies are compiled: the median of five runs of `cargo check`; with
//! `--release` also one `cargo build --release` of the crate of structs and one of the program, because
//! generic code is compiled in the program. On systems without `/proc` the wall-clock time is measured.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

const STRUCTS: usize = 100;
const ROUNDS: usize = 5;

/// One of the compared crates.
struct Flavour {
    name: &'static str,
    dependencies: &'static str,
    /// Source above each struct; `{n}` is the struct's number.
    derive: &'static str,
    partition: &'static str,
    sort: &'static str,
    /// Source below each struct.
    rest: &'static str,
    /// Dependencies of the program besides the crate of structs.
    program_dependencies: &'static str,
    /// Source of the program above its functions.
    program: &'static str,
    /// Source of the function that uses a struct.
    usage: &'static str,
}

const FLAVOURS: [Flavour; 3] = [
    Flavour {
        name: "serde",
        dependencies: "serde = { version = \"1\", features = [\"derive\"] }",
        derive: "#[derive(serde::Serialize, serde::Deserialize)]",
        partition: "",
        sort: "",
        rest: "",
        program_dependencies: "serde_dynamo = { version = \"4.3\", features = [\"aws-sdk-dynamodb+1\"] }\n\
                               aws-sdk-dynamodb = { version = \"1\", default-features = false, features = [\"rt-tokio\", \"behavior-version-latest\"] }",
        program: "use aws_sdk_dynamodb::Client as Db;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_dynamo::{from_item, to_item};

fn text(text: &str) -> AttributeValue { AttributeValue::S(text.to_owned()) }
fn db() -> Db {
    Db::from_conf(aws_sdk_dynamodb::Config::builder().behavior_version_latest().build())
}
",
        usage: "async fn use{n}(db: &Db) -> Result<usize, Box<dyn std::error::Error>> {
    let get = db.get_item().table_name(\"things\").key(\"pk\", text(\"a\")).key(\"sk\", text(\"b\"));
    if let Some(item) = get.send().await?.item {
        let entity: Entity{n} = from_item(item)?;
        let item = to_item(entity)?;
        db.put_item().table_name(\"things\").set_item(Some(item)).send().await?;
    }
    let query = db.query().table_name(\"things\").key_condition_expression(\"pk = :pk\");
    let query = query.expression_attribute_values(\":pk\", text(\"a\"));
    let mut pages = query.into_paginator().items().send();
    let mut entities: Vec<Entity{n}> = Vec::new();
    while let Some(item) = pages.next().await {
        entities.push(from_item(item?)?);
    }
    Ok(entities.len())
}",
    },
    Flavour {
        name: "modyne",
        dependencies: "serde = { version = \"1\", features = [\"derive\"] }\n\
                       modyne = { version = \"0.3.1\", features = [\"derive\"] }",
        derive: "#[derive(modyne::EntityDef, serde::Serialize, serde::Deserialize)]",
        partition: "",
        sort: "",
        rest: "impl modyne::Entity for Entity{n} {
    type KeyInput<'a> = (&'a str, &'a str);
    type Table = Shop;
    type IndexKeys = ();
    fn primary_key((pk, sk): (&str, &str)) -> modyne::keys::Primary {
        modyne::keys::Primary { hash: pk.to_owned(), range: sk.to_owned() }
    }
    fn full_key(&self) -> modyne::keys::FullKey<modyne::keys::Primary, ()> {
        modyne::keys::FullKey { primary: Self::primary_key((&self.pk, &self.sk)), indexes: () }
    }
}",
        program_dependencies: "modyne = \"0.3.1\"\n\
                               aws-sdk-dynamodb = { version = \"1\", default-features = false, features = [\"rt-tokio\", \"behavior-version-latest\"] }",
        program: "use modyne::expr::KeyCondition;
use modyne::keys::Primary;
use modyne::{Aggregate, EntityExt, ProjectionExt, QueryInput, QueryInputExt};

type Db = Shop;
fn db() -> Db {
    let config = aws_sdk_dynamodb::Config::builder().behavior_version_latest().build();
    Shop(aws_sdk_dynamodb::Client::from_conf(config))
}
",
        usage: "struct Query{n};
impl QueryInput for Query{n} {
    type Index = Primary;
    type Aggregate = Vec<Entity{n}>;
    fn key_condition(&self) -> KeyCondition<Primary> { KeyCondition::in_partition(\"a\") }
}
async fn use{n}(db: &Db) -> Result<usize, Box<dyn std::error::Error>> {
    let get = <Entity{n} as EntityExt>::get((\"a\", \"b\"));
    if let Some(item) = get.execute(db).await?.item {
        let entity = <Entity{n} as ProjectionExt>::from_item(item)?;
        entity.put().execute(db).await?;
    }
    let mut entities: Vec<Entity{n}> = Vec::new();
    let mut start = None;
    loop {
        let page = Query{n}.query().set_exclusive_start_key(start).execute(db).await?;
        entities.reduce(page.items.unwrap_or_default())?;
        start = page.last_evaluated_key;
        if start.is_none() {
            return Ok(entities.len());
        }
    }
}",
    },
    Flavour {
        name: "dynamodel",
        dependencies: "dynamodel = { path = \"{root}/dynamodel\", default-features = false }",
        derive: "#[derive(dynamodel::Entity)]\n#[dynamo(table = \"things\")]",
        partition: "#[dynamo(partition)] ",
        sort: "#[dynamo(sort)] ",
        rest: "",
        program_dependencies: "dynamodel = { path = \"{root}/dynamodel\", default-features = false }\n\
                               aws-sdk-dynamodb = { version = \"1\", default-features = false, features = [\"rt-tokio\", \"behavior-version-latest\"] }",
        program: "use dynamodel::{Db, Entity};

fn db() -> Db {
    let config = aws_sdk_dynamodb::Config::builder().behavior_version_latest().build();
    Db::new(aws_sdk_dynamodb::Client::from_conf(config))
}
",
        usage: "async fn use{n}(db: &Db) -> Result<usize, Box<dyn std::error::Error>> {
    if let Some(entity) = Entity{n}::get(\"a\", \"b\").send(db).await? {
        entity.put().send(db).await?;
    }
    Ok(Entity{n}::query(\"a\").all(db).await?.len())
}",
    },
];

const SHOP: &str = "
pub struct Shop(pub aws_sdk_dynamodb::Client);
impl modyne::Table for Shop {
    type PrimaryKey = modyne::keys::Primary;
    type IndexKeys = ();
    fn table_name(&self) -> &str { \"things\" }
    fn client(&self) -> &aws_sdk_dynamodb::Client { &self.0 }
}
";

fn main() -> Result<(), Box<dyn Error>> {
    let release = std::env::args().any(|argument| argument == "--release");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()?;
    let place = root.join("target/compile-time");
    write_workspace(&root, &place)?;

    let mut check = vec![Vec::new(); FLAVOURS.len()];
    for round in 0..=ROUNDS {
        for (flavour, times) in FLAVOURS.iter().zip(&mut check) {
            let seconds = compile(&place, flavour.name, LIB, &["check"])?;
            // The first round also compiles the dependencies, so it does not count.
            if round > 0 {
                times.push(seconds);
            }
        }
    }
    println!(
        "| | cargo check, CPU s | x serde | expanded lines a struct |{}",
        if release {
            " release build, CPU s | x serde | release build of a program, CPU s | x serde |"
        } else {
            ""
        }
    );
    println!(
        "|---|--:|--:|--:|{}",
        if release { "--:|--:|--:|--:|" } else { "" }
    );
    let mut serde: [Option<f64>; 3] = [None; 3];
    for (flavour, mut times) in FLAVOURS.iter().zip(check) {
        times.sort_by(f64::total_cmp);
        let mut column = 0;
        let mut compared = |seconds: f64| {
            let times = seconds / *serde[column].get_or_insert(seconds);
            column += 1;
            format!("{seconds:.2} | {times:.2}")
        };
        let lines = expanded_lines(&place, flavour)? / STRUCTS;
        let check = compared(times[ROUNDS / 2]);
        print!("| {} | {check} | {lines} |", flavour.name);
        if release {
            let program = format!("{}-program", flavour.name);
            let build = ["build", "--release"];
            // The dependencies of the crate and of the program are built with different features, so an
            // unmeasured build compiles them first.
            compile(&place, flavour.name, LIB, &build)?;
            let of_lib = compile(&place, flavour.name, LIB, &build)?;
            compile(&place, &program, MAIN, &build)?;
            let of_program = compile(&place, &program, MAIN, &build)?;
            print!(" {} | {} |", compared(of_lib), compared(of_program));
        }
        println!();
    }
    Ok(())
}

const LIB: &str = "src/lib.rs";
const MAIN: &str = "src/main.rs";

fn write_workspace(root: &Path, place: &Path) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(place)?;
    let members = FLAVOURS.map(|f| format!("{:?}, \"{}-program\"", f.name, f.name));
    std::fs::write(
        place.join("Cargo.toml"),
        format!(
            "[workspace]\nresolver = \"3\"\nmembers = [{}]\n",
            members.join(", ")
        ),
    )?;
    // The copy of Cargo.lock pins the same versions as in this workspace.
    std::fs::copy(root.join("Cargo.lock"), place.join("Cargo.lock"))?;
    for flavour in &FLAVOURS {
        let mut dependencies = flavour.dependencies.to_owned();
        let mut source = String::new();
        if flavour.name == "modyne" {
            dependencies += "\naws-sdk-dynamodb = { version = \"1\", default-features = false }";
            source += SHOP;
        }
        for n in 0..STRUCTS {
            write!(source, "{}", entity(flavour, n))?;
        }
        write_crate(root, place, flavour.name, &dependencies, LIB, &source)?;

        let structs = format!("compile-time-{}", flavour.name);
        let dependencies = format!(
            "{structs} = {{ path = \"../{}\" }}\n{}\ntokio = {{ version = \"1\", features = [\"rt\"] }}",
            flavour.name, flavour.program_dependencies,
        );
        let source = program(flavour, &structs.replace('-', "_"))?;
        let name = format!("{}-program", flavour.name);
        write_crate(root, place, &name, &dependencies, MAIN, &source)?;
    }
    Ok(())
}

fn write_crate(
    root: &Path,
    place: &Path,
    name: &str,
    dependencies: &str,
    file: &str,
    source: &str,
) -> Result<(), Box<dyn Error>> {
    let dependencies = dependencies.replace("{root}", &root.to_string_lossy());
    let manifest = format!(
        "[package]\nname = \"compile-time-{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}\n"
    );
    let place = place.join(name);
    std::fs::create_dir_all(place.join("src"))?;
    std::fs::write(place.join("Cargo.toml"), manifest)?;
    std::fs::write(place.join(file), source)?;
    Ok(())
}

/// Returns the source of a program that uses every struct.
fn program(flavour: &Flavour, structs: &str) -> Result<String, std::fmt::Error> {
    let mut source = format!("use {structs}::*;\n{}", flavour.program);
    for n in 0..STRUCTS {
        writeln!(source, "{}", flavour.usage.replace("{n}", &n.to_string()))?;
    }
    source += "
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let db = db();
";
    for n in 0..STRUCTS {
        writeln!(source, "    runtime.block_on(use{n}(&db))?;")?;
    }
    source += "    Ok(())\n}\n";
    Ok(source)
}

fn entity(flavour: &Flavour, n: usize) -> String {
    let Flavour {
        derive,
        partition,
        sort,
        rest,
        ..
    } = flavour;
    let rest = rest.replace("{n}", &n.to_string());
    format!(
        "
{derive}
pub struct Entity{n} {{
    {partition}pub pk: String,
    {sort}pub sk: String,
    pub name: String,
    pub email: String,
    pub views: u64,
    pub balance: i64,
    pub active: bool,
    pub note: Option<String>,
    pub tags: Vec<String>,
    pub expires_at: u64,
}}
{rest}
"
    )
}

/// Compiles a crate again and returns the seconds of CPU time it took.
fn compile(place: &Path, name: &str, file: &str, command: &[&str]) -> Result<f64, Box<dyn Error>> {
    let source = place.join(name).join(file);
    // A new modification time makes Cargo compile the file again.
    std::fs::write(&source, std::fs::read(&source)?)?;
    let (clock, cpu) = (Instant::now(), children_seconds());
    let status = cargo(place, name, command).status()?;
    if !status.success() {
        return Err(format!("{name} does not compile").into());
    }
    Ok(match (cpu, children_seconds()) {
        (Some(before), Some(after)) => after - before,
        _ => clock.elapsed().as_secs_f64(),
    })
}

/// Counts the lines of the crate with all macros expanded, by an unstable option of the compiler.
fn expanded_lines(place: &Path, flavour: &Flavour) -> Result<usize, Box<dyn Error>> {
    let mut cargo = cargo(place, flavour.name, &["rustc", "--profile", "check"]);
    cargo
        .args(["--", "-Zunpretty=expanded"])
        .env("RUSTC_BOOTSTRAP", "1");
    let output = cargo.stdout(Stdio::piped()).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().count())
}

fn cargo(place: &Path, name: &str, command: &[&str]) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let package = format!("compile-time-{name}");
    cargo
        .args(command)
        .args(["--quiet", "-p", &package])
        .current_dir(place);
    // Incremental compilation would reuse unchanged code, and here all code is unchanged.
    cargo
        .env("CARGO_TARGET_DIR", place.join("target"))
        .env("CARGO_INCREMENTAL", "0");
    cargo
}

/// Returns the CPU seconds, user and system, of all children that have ended, from `/proc/self/stat` in
/// ticks of 10 ms.
fn children_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field)?.parse::<f64>().ok();
    Some((ticks(13)? + ticks(14)?) / 100.0)
}
