//! Mistakes that are put in to see that they are found.

/// Mistakes that a driver could make, put in on purpose. The numbers are those of the failure
/// catalogue in `design.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Bug {
    /// 1: messages are acknowledged when they are received.
    AcknowledgesBeforeItIsDurable,
    /// 1, 8: the ledger answers before what it wrote is durable.
    AnswersBeforeItIsDurable,
    /// 2: a ledger that cannot be read is taken for an empty one.
    TakesAFailureForAFirstStart,
    /// 3: a failure of the sink is taken for success.
    SwallowsAFailure,
    /// 4: a process believes what it knew, though the ledger has forgotten it.
    KeepsACacheOfItsOwn,
    /// 5: what somebody else held is taken for done.
    PassesOverAHeldBatch,
    /// 6: how often a message came is counted over all lives of a file.
    LeaksItsRetries,
    /// 7: a batch that comes again is cut anew.
    CutsABatchAnew,
    /// 8: a listing moves on though its page is not recorded.
    MovesOnWithoutThePage,
    /// 11: a batch that is not full waits.
    HoldsBackTheShortBatch,
    /// 12: the version of a file is when something told of it.
    TakesTheTimeForTheVersion,
    /// 13: nobody lists after a long stop.
    ForgetsTheLongStop,
}

impl Bug {
    pub(in super::super) const ALL: [Self; 12] = [
        Self::AcknowledgesBeforeItIsDurable,
        Self::AnswersBeforeItIsDurable,
        Self::TakesAFailureForAFirstStart,
        Self::SwallowsAFailure,
        Self::KeepsACacheOfItsOwn,
        Self::PassesOverAHeldBatch,
        Self::LeaksItsRetries,
        Self::CutsABatchAnew,
        Self::MovesOnWithoutThePage,
        Self::HoldsBackTheShortBatch,
        Self::TakesTheTimeForTheVersion,
        Self::ForgetsTheLongStop,
    ];
}
