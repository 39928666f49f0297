//! What the benchmarks share: a runner that lets contenders take turns, the
//! shapes of data, and the table that is printed.
//!
//! Machines are busy and clocks drift, so contenders are never measured one
//! after the other. They run in one process, round by round, and each ratio is
//! taken within its round; what is reported is the median of those ratios. The
//! clock counts the CPU time of this thread, which other work on the machine
//! does not add to.
//!
//! Services are processes of their own: what is measured there is wall-clock time, in turns as
//! well, and the CPU time of either side.
//!
//! ```
//! use std::{cell::Cell, time::Duration};
//! use floe_benches::turns::{Contender, Turns};
//!
//! // A clock that only the work itself moves.
//! let now = Cell::new(Duration::ZERO);
//! let work = |micros: u64| {
//!     let now = &now;
//!     move || {
//!         now.set(now.get() + Duration::from_micros(micros));
//!         0
//!     }
//! };
//! let mut contenders = [Contender::new("fast", work(10)), Contender::new("slow", work(40))];
//! let outcomes = Turns::QUICK.run(&mut contenders, &|| now.get());
//! assert_eq!(outcomes[0].run, Duration::from_micros(10));
//! assert_eq!(outcomes[1].ratio, 4.0);
//! ```

#![forbid(unsafe_code)]

pub mod calls;
pub mod machine;
pub mod peers;
pub mod processes;
pub mod shapes;
pub mod table;
pub mod turns;
