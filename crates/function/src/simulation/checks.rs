//! What is promised, as checks of one run.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use floe_batch::rows::read_request;

use super::server::{Seen, Told};
use super::{Ended, Ran, Run};
use crate::{CallError, OnBatchFailure};

/// How often what happened, so that a run that tests nothing is noticed.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    counts: BTreeMap<&'static str, u64>,
}

impl Coverage {
    fn count(&mut self, what: &'static str, number: u64) {
        *self.counts.entry(what).or_default() += number;
    }

    pub(super) fn assert_complete(&self) {
        for what in [
            "FLOE-FUNCTION-0006",
            "FLOE-FUNCTION-0007",
            "FLOE-FUNCTION-0008",
            "FLOE-FUNCTION-0009",
            "FLOE-FUNCTION-0010",
            "FLOE-FUNCTION-0011",
            "FLOE-FUNCTION-0012",
            "FLOE-FUNCTION-0013",
            "FLOE-FUNCTION-0042",
            "FLOE-FUNCTION-0043",
            "answered rows",
            "dead rows",
            "dead rows beside answered ones",
            "dropped calls",
            "retries",
            "batches worked on again",
            "polls",
            "holds",
            "parts",
            "batches whose bad rows are known exactly",
        ] {
            let count = self.counts.get(what).copied().unwrap_or(0);
            assert!(count >= 15, "{what}: only {count} of {:#?}", self.counts);
        }
    }
}

macro_rules! promise {
    ($holds:expr, $($broken:tt)+) => {
        match $holds {
            true => {}
            false => return Err(format!($($broken)+)),
        }
    };
}

type Checked = Result<(), String>;

pub(super) fn check(run: &Run, coverage: &mut Coverage) -> Checked {
    requests(run)?;
    budget(run)?;
    promise!(run.leased == 0, "{} leases are left", run.leased);
    let (mut dropped, mut null) = (0, 0);
    for ran in &run.ran {
        let sent = Sent::of(run, ran)?;
        sent.bounds(coverage)?;
        match &ran.ended {
            Ended::Answered { .. } => null += sent.answers(coverage)?,
            Ended::Failed(error) => sent.error(error, coverage)?,
            Ended::Dropped => dropped += 1,
        }
    }
    let totals = &run.totals;
    promise!(
        totals.cancelled_batches <= dropped,
        "more cancelled than dropped"
    );
    promise!(
        totals.nulls_from_failures == null,
        "NULLs that are not counted"
    );
    coverage.count("dropped calls", totals.cancelled_batches);
    coverage.count("batches worked on again", run.worked_again as u64);
    coverage.count("retries", totals.retries);
    coverage.count("polls", totals.polls);
    coverage.count("holds", totals.holds);
    coverage.count("parts", totals.parts);
    let posts = run.seen.iter().filter(|seen| seen.post).count() as u64;
    let polls = run.seen.len() as u64 - posts;
    promise!(
        totals.sends == posts,
        "{posts} sends, counted {}",
        totals.sends
    );
    promise!(
        totals.polls == polls,
        "{polls} polls, counted {}",
        totals.polls
    );
    Ok(())
}

/// Every request belongs to a batch, and polls go to who accepted it.
fn requests(run: &Run) -> Checked {
    let mut bodies = BTreeMap::new();
    for (n, seen) in run.seen.iter().enumerate() {
        let id = &seen.id;
        let known = run.ran.iter().any(|ran| part_of(id, ran).is_some());
        promise!(known, "the id {id} belongs to no batch");
        if seen.post {
            let body = bodies.entry(id).or_insert(&seen.body);
            promise!(*body == &seen.body, "the id {id} has two bodies");
        } else {
            let accepted = run.seen[..n].iter().any(|before| {
                before.id == *id
                    && before.authority == seen.authority
                    && before.told == Told::Accepted
            });
            let at = &seen.authority;
            promise!(accepted, "{id} is polled at {at}, which did not accept it");
        }
    }
    Ok(())
}

/// The rows of a call that a batch with this id carries, by their numbers among the sent ones.
fn part_of(id: &str, ran: &Ran) -> Option<Option<Range<usize>>> {
    let rest = id.strip_prefix(&ran.id)?;
    if rest.is_empty() {
        return Some(None);
    }
    let (start, end) = rest.strip_prefix(':')?.split_once(':')?;
    Some(Some(start.parse().ok()?..end.parse().ok()?))
}

/// There are no more retries than the budget allows.
fn budget(run: &Run) -> Checked {
    let Some(limits) = &run.plan.budget else {
        return Ok(());
    };
    let posts: Vec<_> = run.seen.iter().filter(|seen| seen.post).collect();
    let ids: BTreeSet<_> = posts.iter().map(|seen| &seen.id).collect();
    let whole = |id: &str| run.ran.iter().any(|ran| ran.id == id);
    let first = ids.iter().filter(|id| whole(id)).count() as f64;
    let retries = (posts.len() - ids.len()) as f64;
    let allowed = f64::from(limits.most)
        + first * f64::from(limits.percent) / 100.0
        + run.took.as_secs_f64() * f64::from(limits.per_second);
    promise!(
        retries <= allowed,
        "{retries} retries, {allowed} in the budget"
    );
    Ok(())
}

/// One call, and the requests that were made for it.
struct Sent<'a> {
    run: &'a Run,
    ran: &'a Ran,
    /// The numbers of the rows that are sent.
    numbers: Vec<usize>,
    requests: Vec<(&'a Seen, Range<usize>)>,
}

impl<'a> Sent<'a> {
    fn of(run: &'a Run, ran: &'a Ran) -> Result<Self, String> {
        let rows = ran.call.rows.iter().enumerate();
        let numbers: Vec<_> = rows
            .filter(|(_, text)| text.is_some() || !run.plan.strict)
            .map(|(number, _)| number)
            .collect();
        let mut requests = Vec::new();
        for seen in &run.seen {
            let Some(part) = part_of(&seen.id, ran) else {
                continue;
            };
            let part = part.unwrap_or(0..numbers.len());
            promise!(part.end <= numbers.len(), "{} has too many rows", seen.id);
            if seen.post {
                let sent = read_request::<(Option<String>,)>(&seen.body).unwrap();
                let right = numbers[part.clone()].iter().map(|n| &ran.call.rows[*n]);
                let same = right.eq(sent.iter().map(|(_, (text,))| text));
                promise!(same, "{} carries other rows", seen.id);
            }
            requests.push((seen, part));
        }
        Ok(Self {
            run,
            ran,
            numbers,
            requests,
        })
    }

    fn posts(&self, id: &str) -> usize {
        let posts = self.requests.iter();
        posts.filter(|(seen, _)| seen.post && seen.id == id).count()
    }

    /// Whether the client was told the right answers to a batch with this row in it.
    fn was_answered(&self, row: usize) -> bool {
        let place = self.numbers.iter().position(|number| *number == row);
        place.is_some_and(|place| {
            let mut requests = self.requests.iter();
            requests.any(|(seen, part)| seen.told == Told::Good && part.contains(&place))
        })
    }

    /// Never more sends than allowed, never longer than allowed.
    fn bounds(&self, coverage: &mut Coverage) -> Checked {
        let (plan, ran) = (&self.run.plan, self.ran);
        let ids: BTreeSet<_> = self.requests.iter().map(|(seen, _)| &seen.id).collect();
        for id in ids {
            let posts = self.posts(id);
            let allowed = 1 + plan.retries as usize;
            promise!(posts <= allowed, "{id} was sent {posts} times");
        }
        let all = self.requests.iter().filter(|(seen, _)| seen.post).count();
        let parts = all - self.posts(&ran.id);
        let allowed = plan.isolation.unwrap_or(0) as usize;
        promise!(parts <= allowed, "{} has {parts} sends of parts", ran.id);
        let took = ran.took;
        promise!(took <= plan.timeout, "{} took {took:?}", ran.id);
        if plan.is_calm() && plan.isolation.is_some() && parts > 0 {
            coverage.count("batches whose bad rows are known exactly", 1);
        }
        Ok(())
    }

    /// The right value for every row, or NULL for dead ones where that is wanted; tells how many.
    fn answers(&self, coverage: &mut Coverage) -> Result<u64, String> {
        let Ended::Answered {
            values,
            errors,
            report,
        } = &self.ran.ended
        else {
            return Ok(0);
        };
        let (id, rows) = (&self.ran.id, &self.ran.call.rows);
        promise!(
            values.len() == rows.len(),
            "{id} has {} values",
            values.len()
        );
        let all = self.requests.iter().filter(|(seen, _)| seen.post).count() as u64;
        promise!(report.sends == all, "{id}: {} sends of {all}", report.sends);
        let null_wanted =
            errors.is_some() || self.run.plan.on_failure == OnBatchFailure::ReturnNull;
        let (mut dead, mut alive) = (0, 0);
        for (row, (text, value)) in rows.iter().zip(values).enumerate() {
            let held = text.is_none() && self.run.plan.strict;
            let answered = self.was_answered(row);
            let right = text.as_ref().map(|text| format!("said {text}"));
            match value {
                _ if held => promise!(value.is_none(), "{id}: row {row} was held back"),
                Some(value) => {
                    promise!(Some(value) == right.as_ref(), "{id}: row {row} is {value}");
                    promise!(answered, "{id}: row {row} was never answered");
                }
                None if answered => promise!(right.is_none(), "{id}: row {row} was answered"),
                None => promise!(null_wanted, "{id}: row {row} is NULL"),
            }
            if let Some(errors) = errors {
                let coded = errors[row].as_deref();
                let coded = coded.map(|text| text.starts_with("FLOE-FUNCTION-00"));
                let right = (!held && !answered).then_some(true);
                promise!(coded == right, "{id}: row {row} has the error {coded:?}");
            }
            dead += u64::from(!held && !answered);
            alive += u64::from(answered);
            self.exactly(row, text.as_deref(), held || answered)?;
        }
        let counted = report.nulls_from_failures;
        promise!(counted == dead, "{id}: {dead} dead rows, counted {counted}");
        let answered: u64 = report.rows_per_target.values().sum();
        promise!(
            answered == alive,
            "{id}: {alive} answered, counted {answered}"
        );
        coverage.count("answered rows", alive);
        coverage.count("dead rows", dead);
        if alive > 0 {
            coverage.count("dead rows beside answered ones", dead);
        }
        Ok(dead)
    }

    /// Where nothing but poison goes wrong, only the poisoned rows die: alone if that is wanted.
    fn exactly(&self, row: usize, text: Option<&str>, lives: bool) -> Checked {
        let plan = &self.run.plan;
        if !plan.is_calm() {
            return Ok(());
        }
        let poisoned = |text: &str| text.starts_with('p');
        let dies = match plan.isolation {
            Some(_) => text.is_some_and(poisoned),
            None => self
                .ran
                .call
                .rows
                .iter()
                .flatten()
                .any(|text| poisoned(text)),
        };
        let id = &self.ran.id;
        let held = text.is_none() && plan.strict;
        promise!(
            lives != dies || held,
            "{id}: row {row} should have lived: {}",
            !dies
        );
        Ok(())
    }

    /// One coded error that names batch, attempts and last answer, and is true.
    fn error(&self, error: &CallError, coverage: &mut Coverage) -> Checked {
        let plan = &self.run.plan;
        let (code, text) = (error.code(), error.to_string());
        coverage.count(code, 1);
        let wanted = plan.on_failure == OnBatchFailure::Abort && !self.ran.call.with_errors;
        promise!(wanted, "although the rows should be NULL: {text}");
        let Some(context) = error.context() else {
            return Err(format!("{code} names no batch"));
        };
        let id = &context.batch_id;
        let named = text.starts_with(&format!("function F, batch {id} ("));
        promise!(named, "the message does not name the batch: {text}");
        let Some(part) = part_of(id, self.ran) else {
            return Err(format!("{id} is not a batch of this call"));
        };
        let posts = self.posts(id);
        promise!(
            context.sends as usize == posts,
            "{id}: {posts} sends, not {}",
            context.sends
        );
        if matches!(
            code,
            "FLOE-FUNCTION-0007" | "FLOE-FUNCTION-0008" | "FLOE-FUNCTION-0042"
        ) {
            let told = text.contains("sent ") && text.contains("; last: ");
            promise!(told, "the message does not say what was tried: {text}");
        }
        let good = self.requests.iter();
        let good = good.filter(|(seen, _)| seen.id == *id && seen.told == Told::Good);
        promise!(good.count() == 0, "{id} was answered and failed");
        if plan.is_calm() {
            let mut rows = self.ran.call.rows.iter().flatten();
            let poisoned = rows.any(|text| text.starts_with('p'));
            promise!(poisoned, "{id} failed, and nothing was wrong");
            let alone = part.is_none_or(|part| part.len() == 1) || context.rows == 1;
            promise!(alone, "{id} failed with more rows than one");
        }
        Ok(())
    }
}
