//! Command-line options: cases, contestants, rounds and output format.

use crate::measure::Contestant;

pub(crate) struct Options {
    pub(crate) json: bool,
    pub(crate) rounds: usize,
    pub(crate) repeat: Option<u64>,
    /// Names of a case and of a contestant, or parts of them.
    names: Vec<(String, String)>,
}

impl Options {
    pub(crate) fn of_arguments(mut arguments: impl Iterator<Item = String>) -> Self {
        let mut options = Options {
            json: false,
            rounds: 15,
            repeat: None,
            names: Vec::new(),
        };
        while let Some(argument) = arguments.next() {
            let mut number = || arguments.next().and_then(|n| n.parse().ok());
            match argument.as_str() {
                "--json" => options.json = true,
                "--rounds" => options.rounds = number().map_or(15, |n| n as usize),
                "--repeat" => options.repeat = number(),
                _ => {
                    let (case, contestant) = argument.split_once('/').unwrap_or((&argument, ""));
                    options.names.push((case.to_owned(), contestant.to_owned()));
                }
            }
        }
        options
    }

    /// Keeps the cases that the arguments name.
    pub(crate) fn choose<T>(&self, cases: &mut Vec<T>, name: impl Fn(&T) -> &str) {
        let wanted = self.names.iter().map(|(case, _)| case.as_str());
        retain(cases, wanted.collect(), name);
    }

    /// Keeps the contestants of a case that the arguments name.
    pub(crate) fn choose_contestants(&self, case: &str, contestants: &mut Vec<Contestant<'_>>) {
        let here = self.names.iter().filter(|(part, _)| case.contains(part));
        let wanted = here.map(|(_, contestant)| contestant.as_str());
        retain(contestants, wanted.collect(), |contestant| contestant.name);
    }
}

/// Keeps the items whose name contains a wanted text, or everything if nothing is wanted. A wanted text
/// that is the whole name of an item selects that item only.
fn retain<T>(all: &mut Vec<T>, wanted: Vec<&str>, name: impl Fn(&T) -> &str) {
    let is_whole = |part: &&str| all.iter().any(|one| name(one) == *part);
    let wanted: Vec<_> = wanted.into_iter().map(|w| (w, is_whole(&w))).collect();
    all.retain(|one| {
        let is = |&(part, whole): &(&str, bool)| match whole {
            true => name(one) == part,
            false => name(one).contains(part),
        };
        wanted.is_empty() || wanted.iter().any(is)
    });
}
