//! Blocks against a map.

use std::collections::BTreeMap;

use redb::{Database, ReadableTable, backends::InMemoryBackend};

use super::Dice;
use crate::ArchiveMode;
use crate::ledger::embedded::block::{Block, Entry, Known, ROOM, pack, splice};
use crate::ledger::embedded::known::{self, Finder};
use crate::ledger::embedded::txn::KNOWN;

fn known(number: u64) -> Known {
    Known {
        // Every ninth has no number in the log.
        seq: if number.is_multiple_of(9) { 0 } else { number },
        size: number.rotate_left(7) >> (number % 60),
        created: u64::MAX - number,
        discovered: number.wrapping_mul(number),
        archived: match number % 5 {
            0 => Some((number, ArchiveMode::Move)),
            // As many that are archived together.
            1 | 2 => Some((77, ArchiveMode::Delete)),
            _ => None,
        },
    }
}

fn name(dice: &mut Dice) -> Vec<u8> {
    let number = dice.below(4_000);
    let long = if number.is_multiple_of(500) {
        9_000
    } else {
        number % 40
    };
    let text = format!(
        "/{}/{}{number}",
        number % 7,
        "long/".repeat(long as usize / 5)
    );
    text.into_bytes()
}

/// Finds the same as the map, in the blocks of the table.
fn look_up(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    map: &BTreeMap<Vec<u8>, Known>,
    dice: &mut Dice,
    round: u64,
) {
    // Two look-ups in order, over near and far blocks, of what is there and what is not.
    let mut asked: Vec<_> = (0..30).map(|_| name(dice)).collect();
    asked.sort();
    let mut finder = Finder::new(table);
    for id in &asked {
        assert_eq!(
            finder.find(id).unwrap(),
            map.get(id).copied(),
            "round {round}"
        );
    }
    // It holds pages, which the transaction gives back at its end.
    drop(finder);
    let after = name(dice);
    let page = known::page(table, Some(&after), 5).unwrap();
    let behind = map
        .range(after.clone()..)
        .filter(|(id, _)| **id > after)
        .take(5);
    assert!(
        page.iter()
            .map(|entry| &entry.id)
            .eq(behind.map(|(id, _)| id))
    );
}

#[test]
fn blocks_hold_what_a_map_holds_whatever_is_added_and_taken() {
    let database = Database::builder()
        .create_with_backend(InMemoryBackend::new())
        .unwrap();
    let mut map: BTreeMap<Vec<u8>, Known> = BTreeMap::new();
    let mut dice = Dice(5);
    for round in 0..300 {
        let write = database.begin_write().unwrap();
        let mut table = write.open_table(KNOWN).unwrap();
        let names: Vec<_> = (0..dice.below(40)).map(|_| name(&mut dice)).collect();
        if round % 3 == 2 {
            let names: BTreeMap<_, _> = names.into_iter().map(|name| (name, ())).collect();
            let gone: Vec<_> = names
                .into_keys()
                .filter(|name| map.remove(name).is_some())
                .collect();
            known::remove(&mut table, &gone).unwrap();
        } else if round % 7 == 6 {
            let mut changes = Vec::new();
            for (id, what) in &mut map {
                if dice.below(3) == 0 {
                    *what = known(dice.roll());
                    let (id, known) = (id.clone(), *what);
                    changes.push(Entry { id, known });
                }
            }
            known::replace(&mut table, &changes).unwrap();
        } else if round % 50 == 49 {
            let mut from = Some(Vec::new());
            while let Some(key) = from {
                from = known::repack(&mut table, &key, 3).unwrap();
            }
        } else {
            let new: BTreeMap<_, _> = names
                .into_iter()
                .map(|name| (name, known(dice.roll())))
                .collect();
            let entries: Vec<_> = new
                .clone()
                .into_iter()
                .map(|(id, known)| Entry { id, known })
                .collect();
            let before = map.len();
            map.extend(new);
            let added = known::insert(&mut table, &entries).unwrap();
            assert_eq!(added, (map.len() - before) as u64);
        }
        let all = known::page(&table, None, usize::MAX).unwrap();
        let expected: Vec<_> = map
            .iter()
            .map(|(id, known)| Entry {
                id: id.clone(),
                known: *known,
            })
            .collect();
        assert!(all == expected, "round {round}");
        look_up(&table, &map, &mut dice, round);
        drop(table);
        write.commit().unwrap();
    }
}

#[test]
fn names_in_order_fill_their_blocks_and_others_leave_room() {
    let bytes = |in_order: bool| {
        let database = Database::builder()
            .create_with_backend(InMemoryBackend::new())
            .unwrap();
        let write = database.begin_write().unwrap();
        let mut table = write.open_table(KNOWN).unwrap();
        let mut dice = Dice(3);
        for page in 0..200_u64 {
            let numbers = (0..50).map(|number| {
                if in_order {
                    page * 50 + number
                } else {
                    dice.below(u64::from(u32::MAX))
                }
            });
            let entries: BTreeMap<_, _> = numbers
                .map(|n| (format!("/in/{n:016}").into_bytes(), known(n)))
                .collect();
            let entries: Vec<_> = entries
                .into_iter()
                .map(|(id, known)| Entry { id, known })
                .collect();
            known::insert(&mut table, &entries).unwrap();
        }
        let blocks = table.iter().unwrap().map(|found| found.unwrap());
        let lengths: Vec<_> = blocks
            .map(|(key, bytes)| key.value().len() + bytes.value().len())
            .collect();
        assert!(lengths.iter().all(|length| *length <= ROOM));
        lengths.iter().sum::<usize>() * 100 / (lengths.len() * ROOM)
    };
    let (ordered, random) = (bytes(true), bytes(false));
    assert!(ordered >= 95, "names in order fill blocks to {ordered} %");
    assert!(
        (60..=85).contains(&random),
        "names in any order fill blocks to {random} %"
    );
}

#[test]
fn a_file_that_is_put_among_others_leaves_the_bytes_that_packing_all_of_them_would() {
    let mut dice = Dice(11);
    let mut fitting = 0;
    for _ in 0..2_000 {
        let mut names: Vec<_> = (0..dice.below(30)).map(|_| name(&mut dice)).collect();
        names.sort();
        names.dedup();
        let old: Vec<_> = (names.iter())
            .map(|id| Entry {
                id: id.clone(),
                known: known(dice.roll()),
            })
            .collect();
        let mut new: BTreeMap<_, _> = (0..1 + dice.below(4))
            .map(|_| (name(&mut dice), known(dice.roll())))
            .collect();
        // Some that are there already are known otherwise from now on.
        if let Some(one) = names.get(dice.below(30) as usize) {
            new.insert(one.clone(), known(dice.roll()));
        }
        let entries: Vec<_> = (new.iter())
            .map(|(id, known)| Entry {
                id: id.clone(),
                known: *known,
            })
            .collect();
        let block = Block {
            key: Vec::new(),
            bytes: pack(&[], &old, usize::MAX)
                .pop()
                .map_or(Vec::new(), |block| block.bytes),
            files: 0,
        };
        let mut all: BTreeMap<_, _> = old.into_iter().map(|old| (old.id, old.known)).collect();
        let before = all.len();
        all.extend(new);
        let added = (all.len() - before) as u64;
        let all: Vec<_> = (all.into_iter())
            .map(|(id, known)| Entry { id, known })
            .collect();
        let packed = pack(&[], &all, usize::MAX).remove(0);
        let expected = (packed.length() <= ROOM).then_some((packed.bytes, added));
        fitting += usize::from(expected.is_some());
        assert_eq!(splice(&block, &entries).unwrap(), expected);
    }
    assert!((500..2_000).contains(&fitting), "{fitting} of 2000 fit");
}
