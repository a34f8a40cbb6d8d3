// Epochs: when may the memory of an object that was unpublished be used again?
//
// Every core counts its epochs: odd inside a crossing, even outside (halted or in a guest: quiescent).
// A core announces its entry by a store and a full fence before its first load of a reference. Who
// unpublishes an object fences too, and only then reads every core's epoch. The grace period is over
// when each core was seen quiescent, or with another count than at that first reading; then the object
// is freed, and its memory may serve the next one at once.
//
// Processor:  total store order. A core's stores of its epoch and the initiator's store to the slot
//             wait in a store buffer that drains at any time; only a fence waits for it. Depth one is
//             enough: an entry behind an undrained exit is a longer wait in the same order.
// Counters:   of unbounded counters only this matters and is kept: the parity, and whether the count
//             changed since the initiator sampled it. So a run never ends, and waiting is real.
// Holds:      no core uses, or still holds, an object that was freed (safety);
//             every grace period ends, though cores cross for ever or stay in a guest for ever
//             (liveness, weak fairness: a crossing ends, a store buffer drains).
// Leaves out: interrupts (off for a whole crossing), NMI and #MC (they hold no reference).
//
// verify epochs:                      safety
// verify epochs-grace-ends:           ltl=grace_ends fair
// fault  no_entry_fence:              epochs -> assertion violated
// fault  no_initiator_fence:          epochs -> assertion violated
// fault  no_reading_after_the_fence:  epochs -> assertion violated
// fault  one_core_is_enough:          epochs -> assertion violated
// fault  load_before_entry:           epochs -> assertion violated
// fault  exit_before_last_use:        epochs -> assertion violated
// fault  reference_outlives_crossing: epochs -> assertion violated
// fault  grace_before_unpublish:      epochs -> assertion violated
// fault  quiescent_not_counted:       epochs-grace-ends -> acceptance cycle

#define CORES   2
#define NOTHING 255

bool odd[CORES];        // the epochs in memory: inside a crossing,
bool moved[CORES];      // changed since the initiator sampled them,
bool undrained[CORES];  // and the store that is still in the core's buffer

byte slot = 0;          // the reference, as memory has it
bool slot_undrained;
byte slot_stored;       // in the initiator's store buffer

bool alive[2];          // the two objects that take turns
byte held[CORES] = NOTHING;
bool waiting;           // the initiator waits for the end of a grace period

#define holds(object) (held[0] == object || held[1] == object)

inline step_epoch(me)
{
    atomic { !undrained[me] -> undrained[me] = true }
}

inline drop_reference(me)
{
#ifndef BUG_reference_outlives_crossing
    held[me] = NOTHING
#else
    skip
#endif
}

proctype core(byte me)
{
    do
    :: true ->
#ifdef BUG_load_before_entry
        held[me] = slot;
#endif
announce_entry:
        step_epoch(me);
#ifndef BUG_no_entry_fence
entry_fence:
        !undrained[me];
#endif
load_reference:
#ifdef BUG_load_before_entry
        skip;
#elif defined(BUG_reference_outlives_crossing)
        if
        :: held[me] == NOTHING -> held[me] = slot
        :: else
        fi;
#else
        held[me] = slot;
#endif
#ifdef BUG_exit_before_last_use
        step_epoch(me);
#endif
use_reference:
        atomic { assert(alive[held[me]]); drop_reference(me) };
announce_exit:
#ifndef BUG_exit_before_last_use
        step_epoch(me)
#else
        skip
#endif
    :: true -> break
    od;
end_in_guest:
    false
}

proctype store_buffer(byte owner)
{
end:
    do
    :: d_step { undrained[owner] -> odd[owner] = !odd[owner]; moved[owner] = true; undrained[owner] = false }
    od
}

proctype initiators_store_buffer()
{
end:
    do
    :: d_step { slot_undrained -> slot = slot_stored; slot_undrained = false }
    od
}

inline sample_epochs()
{
    // One core at a time: the cores go on in between.
    each = 0;
    do
    :: each < CORES -> d_step { passed[each] = !odd[each]; moved[each] = false }; each++
    :: else -> break
    od
}

#ifdef BUG_quiescent_not_counted
#define passes(core) moved[core]
#else
#define passes(core) (passed[core] || !odd[core] || moved[core])
#endif

inline await_grace_period()
{
    each = 0;
    do
#ifdef BUG_one_core_is_enough
    :: each < 1 ->
#else
    :: each < CORES ->
#endif
poll_epoch:
        // Slices of a job in truth; one that finds nothing new changes nothing.
        passes(each) -> each++
    :: else -> break
    od
}

proctype initiator()
{
    byte each;
    byte old;
    bool passed[CORES];
    do
    :: true ->
        old = slot;
        alive[1 - old] = true;
#if defined(BUG_no_reading_after_the_fence) || defined(BUG_grace_before_unpublish)
        sample_epochs();
#endif
#ifdef BUG_grace_before_unpublish
        await_grace_period();
#endif
unpublish:
        atomic { slot_stored = 1 - old; slot_undrained = true };
#ifndef BUG_no_initiator_fence
initiator_fence:
        !slot_undrained;
#endif
        waiting = true;
#if !defined(BUG_no_reading_after_the_fence) && !defined(BUG_grace_before_unpublish)
        sample_epochs();
        await_grace_period();
#endif
        waiting = false;
free_object:
        atomic { assert(!holds(old)); alive[old] = false };
        !slot_undrained
    od
}

init
{
    atomic {
        alive[0] = true;
        run core(0); run core(1);
        run store_buffer(0); run store_buffer(1); run initiators_store_buffer();
        run initiator()
    }
}

ltl grace_ends { [] (waiting -> <> !waiting) }
