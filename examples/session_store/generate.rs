//! Generates `sessions.jsonl`, the sample data of the `session_store` example.
//!
//! The seed is fixed, so every run writes the same bytes; a test compares them with the file.
//!
//! ```text
//! cargo run --example generate_sessions
//! ```

mod record;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fastrand::Rng;
use record::{CartLineRecord, DataRecord, DeviceRecord, SessionRecord};

const SEED: u64 = 20_260_314;
const SESSIONS: usize = 1_200;
const USERS: usize = 200;
const DAY: u64 = 86_400;
/// 2026-02-12T00:00:00Z; the sessions start in the 31 days from here.
const FIRST_DAY: u64 = 1_770_854_400;
const DAYS: u64 = 31;

const TENANTS: [&str; 4] = ["acme", "globex", "initech", "umbrella"];
const TAGS: [&str; 6] = ["beta", "gift", "new", "newsletter", "sale", "vip"];
const MOBILE_AGENTS: [&str; 2] = [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/133.0.0.0 Mobile Safari/537.36",
];
const DESKTOP_AGENTS: [&str; 3] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/133.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_7) Version/18.3 Safari/605.1.15",
];

fn main() -> std::io::Result<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("session_store/sessions.jsonl");
    let lines = lines()?;
    std::fs::write(&file, &lines)?;
    println!(
        "{SESSIONS} sessions, {} bytes, in {}",
        lines.len(),
        file.display()
    );
    Ok(())
}

/// Returns the content of the whole file.
fn lines() -> serde_json::Result<String> {
    let mut out = String::new();
    for session in sessions(&mut Rng::with_seed(SEED)) {
        out += &serde_json::to_string(&session)?;
        out.push('\n');
    }
    Ok(out)
}

/// All sessions, oldest first.
fn sessions(rng: &mut Rng) -> Vec<SessionRecord> {
    let mut starts: Vec<u64> = (0..SESSIONS)
        .map(|_| FIRST_DAY + rng.u64(0..DAYS * DAY))
        .collect();
    starts.sort_unstable();
    starts.into_iter().map(|s| session(rng, s)).collect()
}

fn session(rng: &mut Rng, start: u64) -> SessionRecord {
    let user = user(rng);
    let device = match rng.u8(0..5) {
        0..3 => DeviceRecord::Mobile,
        _ => DeviceRecord::Desktop,
    };
    let agents: &[&str] = match device {
        DeviceRecord::Mobile => &MOBILE_AGENTS,
        DeviceRecord::Desktop => &DESKTOP_AGENTS,
    };
    let last_accessed = start + rng.u64(0..2 * 3_600);
    // "Remember me" lasts ten years, any other session one day, which is long over when this is read.
    let lifetime = if rng.u8(0..3) == 0 { DAY } else { 3_650 * DAY };
    SessionRecord {
        user_id: format!("user-{:03}", user + 1),
        session_id: format!("{}-{:04x}", utc(start), rng.u16(..)),
        auth_token: format!("{:032x}", rng.u128(..)),
        tenant: TENANTS[user % TENANTS.len()].to_owned(),
        device,
        last_accessed,
        user_agent: (rng.u8(0..10) > 0).then(|| pick(rng, agents).to_owned()),
        tags: tags(rng),
        views: rng.u64(1..40),
        data: data(rng),
        expires_at: last_accessed + lifetime,
    }
}

/// Returns the number of a user. Half of the visits come from all users alike, the other half mostly
/// from the first few: the product of two numbers favours the low ones.
fn user(rng: &mut Rng) -> usize {
    let anybody = rng.usize(0..USERS);
    if rng.bool() {
        anybody
    } else {
        anybody * rng.usize(1..=USERS) / USERS
    }
}

fn tags(rng: &mut Rng) -> BTreeSet<String> {
    let count = rng.usize(0..=3);
    let tags = rng.choose_multiple(TAGS, count);
    tags.into_iter().map(str::to_owned).collect()
}

fn data(rng: &mut Rng) -> DataRecord {
    let current_page = match rng.u8(0..6) {
        0 => "/".to_owned(),
        1 => "/cart".to_owned(),
        2 => "/checkout".to_owned(),
        _ => format!("/product/{}", rng.u32(100..1_000)),
    };
    let mut prefs = BTreeMap::new();
    prefs.insert("theme".to_owned(), pick(rng, &["dark", "light"]).to_owned());
    if rng.bool() {
        let language = pick(rng, &["de", "en", "fr", "ja", "pt"]);
        prefs.insert("language".to_owned(), language.to_owned());
    }
    let cart = (0..rng.usize(0..4)).map(|_| cart_line(rng)).collect();
    DataRecord {
        current_page,
        cart,
        prefs,
    }
}

fn cart_line(rng: &mut Rng) -> CartLineRecord {
    CartLineRecord {
        sku: format!("SKU-{:05}", rng.u32(0..100_000)),
        quantity: rng.u32(1..5),
        price_cents: rng.u64(2..200) * 50 - 1,
    }
}

fn pick<'a>(rng: &mut Rng, from: &[&'a str]) -> &'a str {
    from[rng.usize(0..from.len())]
}

/// Returns a text such as `2026-03-14T09:26:53`, for times in the years 1970 to 9999.
fn utc(epoch_seconds: u64) -> String {
    let (mut day, second) = (epoch_seconds / DAY, epoch_seconds % DAY);
    let is_leap = |y: u64| y.is_multiple_of(4) && (!y.is_multiple_of(100) || y.is_multiple_of(400));
    let mut year = 1970;
    while day >= 365 + u64::from(is_leap(year)) {
        day -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!(
        "{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}",
        day + 1
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_file_matches_generator_output() -> serde_json::Result<()> {
        // No assert_eq: its message would print half a megabyte.
        assert!(
            lines()? == include_str!("sessions.jsonl"),
            "run `cargo run --example generate_sessions` and commit the file"
        );
        Ok(())
    }

    #[test]
    fn generated_keys_and_tokens_are_unique_and_ordered() {
        let sessions = sessions(&mut Rng::with_seed(SEED));
        let keys: BTreeSet<_> = sessions
            .iter()
            .map(|s| (&s.user_id, &s.session_id))
            .collect();
        let tokens: BTreeSet<_> = sessions.iter().map(|s| &s.auth_token).collect();
        assert_eq!(keys.len(), SESSIONS);
        assert_eq!(tokens.len(), SESSIONS);
        assert!(sessions.is_sorted_by_key(|s| s.session_id[..19].to_owned()));
    }

    #[test]
    fn utc_is_right_around_leap_days_and_year_ends() {
        assert_eq!(utc(0), "1970-01-01T00:00:00");
        assert_eq!(utc(951_782_399), "2000-02-28T23:59:59");
        assert_eq!(utc(951_782_400), "2000-02-29T00:00:00");
        assert_eq!(utc(1_798_761_599), "2026-12-31T23:59:59");
        assert_eq!(utc(1_773_480_413), "2026-03-14T09:26:53");
    }
}
