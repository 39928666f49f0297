//! Every point at which a consumer may die in the life of a stream with three files, and every
//! pair of points, with what was on its way then lost or carried out all the same.

use super::world::World;

/// Steps between the second crash and the first that pairs go through.
const STRIDE: u64 = 3;

/// Lives the stream with three files, and dies after so many steps, and again after so many more.
/// False when it was over before.
fn die_after(first: u64, second: Option<u64>, arrives: bool) -> bool {
    let mut world = World::with_three_files(arrives);
    let lived = world.dies_after(first, second);
    lived.unwrap_or_else(|broken| {
        panic!(
            "dying after {first} and {second:?} steps, {arrives}: {broken}\n{}",
            world.story()
        )
    })
}

#[test]
fn a_consumer_may_die_at_every_point_of_a_life_with_three_files() {
    for arrives in [false, true] {
        let points = (0..)
            .take_while(|first| die_after(*first, None, arrives))
            .count();
        println!("{points} points, arrives: {arrives}");
        assert!(points > 30, "a life has more steps than {points}");
    }
}

#[test]
fn a_consumer_may_die_twice_in_a_life_with_three_files() {
    for arrives in [false, true] {
        let mut pairs = 0;
        let mut first = 0;
        while die_after(first, Some(0), arrives) {
            let mut second = STRIDE;
            while second < 60 && die_after(first, Some(second), arrives) {
                second += STRIDE;
                pairs += 1;
            }
            first += STRIDE;
        }
        println!("{pairs} pairs, arrives: {arrives}");
        assert!(pairs > 30, "there are more pairs than {pairs}");
    }
}
