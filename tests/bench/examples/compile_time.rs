//! What deriving costs at compile time: 100 structs of 10 fields with dynamodel, with serde, and with
//! modyne (which needs serde too), each in a crate of its own.
//!
//! `cargo run -p dynamodel-bench --example compile_time [-- --release]`
//!
//! The crates are made in `target/compile-time`. What is measured is the CPU time of compiling one of
//! them when everything that it depends on is compiled: the median of five times `cargo check`, with
//! `--release` also one `cargo build --release`. On systems without `/proc` it is the time by the clock.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const STRUCTS: usize = 100;
const ROUNDS: usize = 5;

/// One of the crates.
struct Flavour {
    name: &'static str,
    dependencies: &'static str,
    /// What stands above each struct; `{n}` is its number.
    derive: &'static str,
    partition: &'static str,
    sort: &'static str,
    /// What stands below each struct.
    rest: &'static str,
}

const FLAVOURS: [Flavour; 3] = [
    Flavour {
        name: "serde",
        dependencies: "serde = { version = \"1\", features = [\"derive\"] }",
        derive: "#[derive(serde::Serialize, serde::Deserialize)]",
        partition: "",
        sort: "",
        rest: "",
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
    },
    Flavour {
        name: "dynamodel",
        dependencies: "dynamodel = { path = \"{root}/dynamodel\", default-features = false }",
        derive: "#[derive(dynamodel::Entity)]\n#[dynamo(table = \"things\")]",
        partition: "#[dynamo(partition)] ",
        sort: "#[dynamo(sort)] ",
        rest: "",
    },
];

const SHOP: &str = "
pub struct Shop;
impl modyne::Table for Shop {
    type PrimaryKey = modyne::keys::Primary;
    type IndexKeys = ();
    fn table_name(&self) -> &str { \"things\" }
    fn client(&self) -> &aws_sdk_dynamodb::Client { unimplemented!() }
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
            let seconds = compile(&place, flavour, &["check"])?;
            // The first time compiles what it depends on.
            if round > 0 {
                times.push(seconds);
            }
        }
    }
    println!(
        "| | cargo check, CPU s | x serde | expanded lines a struct |{}",
        if release {
            " release build, CPU s |"
        } else {
            ""
        }
    );
    println!("|---|--:|--:|--:|{}", if release { "--:|" } else { "" });
    let mut serde = None;
    for (flavour, mut times) in FLAVOURS.iter().zip(check) {
        times.sort_by(f64::total_cmp);
        let median = times[ROUNDS / 2];
        let serde = *serde.get_or_insert(median);
        let lines = expanded_lines(&place, flavour)? / STRUCTS;
        print!(
            "| {} | {median:.2} | {:.2} | {lines} |",
            flavour.name,
            median / serde
        );
        if release {
            compile(&place, flavour, &["build", "--release"])?;
            let seconds = compile(&place, flavour, &["build", "--release"])?;
            print!(" {seconds:.2} |");
        }
        println!();
    }
    Ok(())
}

fn write_workspace(root: &Path, place: &Path) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(place)?;
    let members: Vec<_> = FLAVOURS.iter().map(|f| f.name).collect();
    std::fs::write(
        place.join("Cargo.toml"),
        format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}\n"),
    )?;
    // The same versions as here.
    std::fs::copy(root.join("Cargo.lock"), place.join("Cargo.lock"))?;
    for flavour in &FLAVOURS {
        let mut dependencies = flavour
            .dependencies
            .replace("{root}", &root.to_string_lossy());
        let mut source = String::new();
        if flavour.name == "modyne" {
            dependencies += "\naws-sdk-dynamodb = { version = \"1\", default-features = false }";
            source += SHOP;
        }
        for n in 0..STRUCTS {
            write!(source, "{}", entity(flavour, n))?;
        }
        let manifest = format!(
            "[package]\nname = \"compile-time-{}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}\n",
            flavour.name
        );
        std::fs::create_dir_all(place.join(flavour.name).join("src"))?;
        std::fs::write(place.join(flavour.name).join("Cargo.toml"), manifest)?;
        std::fs::write(source_of(place, flavour), source)?;
    }
    Ok(())
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

fn source_of(place: &Path, flavour: &Flavour) -> PathBuf {
    place.join(flavour.name).join("src/lib.rs")
}

/// Compiles the flavour's crate again, and says how many seconds of CPU time it took.
fn compile(place: &Path, flavour: &Flavour, command: &[&str]) -> Result<f64, Box<dyn Error>> {
    let source = source_of(place, flavour);
    // Cargo compiles what was written since.
    std::fs::write(&source, std::fs::read(&source)?)?;
    let (clock, cpu) = (Instant::now(), children_seconds());
    let status = cargo(place, flavour, command).status()?;
    if !status.success() {
        return Err(format!("{} does not compile", flavour.name).into());
    }
    Ok(match (cpu, children_seconds()) {
        (Some(before), Some(after)) => after - before,
        _ => clock.elapsed().as_secs_f64(),
    })
}

/// The lines of the crate with all macros expanded. That is not a stable feature of the compiler.
fn expanded_lines(place: &Path, flavour: &Flavour) -> Result<usize, Box<dyn Error>> {
    let mut cargo = cargo(place, flavour, &["rustc", "--profile", "check"]);
    cargo
        .args(["--", "-Zunpretty=expanded"])
        .env("RUSTC_BOOTSTRAP", "1");
    let output = cargo.stdout(Stdio::piped()).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().count())
}

fn cargo(place: &Path, flavour: &Flavour, command: &[&str]) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let package = format!("compile-time-{}", flavour.name);
    cargo
        .args(command)
        .args(["--quiet", "-p", &package])
        .current_dir(place);
    // Incremental compilation would reuse what has not changed, which is everything.
    cargo
        .env("CARGO_TARGET_DIR", place.join("target"))
        .env("CARGO_INCREMENTAL", "0");
    cargo
}

/// The CPU seconds of all children that have ended, from `/proc/self/stat`: user and system, in ticks
/// of 10 ms.
fn children_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field)?.parse::<f64>().ok();
    Some((ticks(13)? + ticks(14)?) / 100.0)
}
