// Swap: a shared policy is replaced while cores call it, alone or with others in one transaction.
//
// Every core finds an object's policy through its own slot of the object's table. A swap is a job of
// many slices; no core waits for it. It closes the gate on each core's slot; who meets the gate parks
// the request on the gate's queue and ends the crossing. When every core has passed an epoch, nobody is
// inside the old policy: its state is exported, imported by the next, and the next is published to each
// core's slot. Then the queue is released, each request to the core that it came from, and the old
// policy is freed after a grace period. Construction, export and import may each fail: the old policy
// is published again, the queue is released, and nothing has changed. A transaction does each step for
// all of its objects before it does the next step for any.
//
// Processor:  sequentially consistent steps; that fences and store buffers allow this is epochs.pml.
// Objects:    OBJECTS; each served request adds one to the count that is the policy's state.
// Jobs:       JOBS, each a swap of all objects, so that a second one must wait for the first.
// Requests:   REQUESTS of each core, for any object; besides, core 0 reads once, past the gate,
//             what policy an object has now (the history, the console).
// Holds:      a request is served exactly once, by the policy in charge, never by a retired one, and by
//             nobody between export and publication; the count is carried, never lost or doubled;
//             of a transaction's objects either all have the next policy in charge or none;
//             no request stays parked and no job waits for ever (no invalid end state; liveness).
//
// verify swap:                     safety
// verify swap-ends:                ltl=all_served fair
// verify swap-twice:               safety -DJOBS=2 -DREQUESTS=1
// verify swap-twice-ends:          ltl=all_served fair -DJOBS=2 -DREQUESTS=1 -DNO_OBSERVER
// verify swap-transaction:         safety -DOBJECTS=2 -DREQUESTS=1
// verify swap-transactions:        safety -DOBJECTS=2 -DREQUESTS=1 -DJOBS=2 -DNO_OBSERVER
// fault  gate_open_on_one_core:    swap -> assertion violated (policy==charge[object])
// fault  no_epoch_before_export:   swap -> assertion violated (policy==charge[object])
// fault  epoch_sampled_too_early:  swap -> assertion violated (policy==charge[object])
// fault  publish_before_export:    swap -> assertion violated (policy==charge[object])
// fault  gate_opened_too_early:    swap -> assertion violated (slot
// fault  park_without_looking:     swap -> invalid end state
// fault  retire_without_grace:     swap -> assertion violated !(freed[policy])
// fault  export_empties:           swap -> assertion violated (count[policy]==served[object])
// fault  roll_back_keeps_queue:    swap -> invalid end state
// fault  roll_back_keeps_gate:     swap -> assertion violated (slot
// fault  queue_never_released:     swap-ends -> acceptance cycle
// fault  swaps_not_serialized:     swap-twice -> assertion violated
// fault  refusal_keeps_object:     swap-twice -> invalid end state
// fault  release_keeps_request:    swap-twice -> assertion violated !(done[request])
// fault  publish_one_by_one:       swap-transaction -> assertion violated (policy==charge[object])
// fault  roll_back_one:            swap-transaction -> invalid end state
// fault  objects_in_any_order:     swap-transactions -> invalid end state

#ifndef OBJECTS
#define OBJECTS 1
#endif
#ifndef JOBS
#define JOBS 1
#endif
#ifndef REQUESTS
#define REQUESTS 2
#endif

#define CORES       2
#define VERSIONS    (JOBS + 1)                      // of each object's policy: the first, and one by each job
#define POLICIES    (OBJECTS * VERSIONS)
#define policy_of(object, version) ((object) * VERSIONS + (version))
#define GATE        254
#define NOBODY      255

byte slot[OBJECTS * CORES];     // a policy or the gate
#define slot_of(object, core) slot[(object) * CORES + (core)]
byte current[OBJECTS];          // what the adaptor names
bool gated[OBJECTS];            // under the lock of the gate's queue
bool busy[OBJECTS];             // a job holds the adaptor

byte count[POLICIES];           // the policies' state
bool freed[POLICIES];

bool todo[CORES * REQUESTS] = true;
bool queued[CORES * REQUESTS];
byte target[CORES * REQUESTS] = NOBODY;     // the object that a request calls, once it tried

bool inside[CORES];             // a crossing is under way
bool moved[JOBS * CORES];       // the core's epoch changed since the job sampled it

// What the properties need; the code has none of this.
byte charge[OBJECTS];           // the policy in charge, or nobody
byte served[OBJECTS];
bool done[CORES * REQUESTS];
byte ended;
#define one_version (charge[0] == NOBODY || charge[OBJECTS - 1] == NOBODY || \
                     charge[0] % VERSIONS == charge[OBJECTS - 1] % VERSIONS)

#define FIRST (me * REQUESTS)
#define LAST  (me * REQUESTS + REQUESTS - 1)

inline choose_object()
{
    if
    :: object = 0
    :: object = OBJECTS - 1
    fi
}

inline leave_crossing()
{
    // The stack is empty: nothing of the crossing outlives it.
    atomic {
        inside[me] = false;
        moved[me] = true; moved[(JOBS - 1) * CORES + me] = true;
        request = 0; object = 0; policy = 0
    }
}

proctype core(byte me)
{
    byte request;
    byte object;
    byte policy;
#ifndef NO_OBSERVER
    bool observed = (me != 0);
#else
#define observed true
#endif
    do
    :: atomic { todo[FIRST] || todo[LAST] ->
enter_crossing:
        if
        :: todo[FIRST] -> request = FIRST
        :: todo[LAST] && target[FIRST] != NOBODY -> request = LAST
        fi;
        inside[me] = true; todo[request] = false;
        if
        :: target[request] == NOBODY -> choose_object(); target[request] = object
        :: else -> object = target[request]
        fi };
load_slot:
        policy = slot_of(object, me);
        if
        :: atomic { policy == GATE ->
park_request:
#ifndef BUG_park_without_looking
            if
            :: !gated[object] ->
                // It opened meanwhile, so that this core's slot leads somewhere again: nobody waits here.
                assert(slot_of(object, me) != GATE);
                goto load_slot
            :: else
            fi;
#endif
            queued[request] = true }
        :: atomic { policy != GATE ->
serve_request:
            assert(!freed[policy]);
            assert(policy == charge[object]);
            assert(!done[request]);
            assert(one_version);
            count[policy]++; served[object]++;
            assert(count[policy] == served[object]);
            done[request] = true }
        fi;
        leave_crossing()
#ifndef NO_OBSERVER
    :: atomic { !observed ->
enter_observing_crossing:
        inside[me] = true; observed = true;
        choose_object() };
        policy = current[object];
look_past_the_gate:
        assert(!freed[policy]);
        leave_crossing()
#endif
    :: done[FIRST] && done[LAST] && observed -> break
    od;
    ended++
}

// A job's steps. What is done to each object stands in an inline of its own; so the loops cost no states.
#if OBJECTS == 1
#define each_object(step) step(0)
#else
#define each_object(step) step(0); step(1)
#endif
#define next_of(object) policy_of(object, me + 1)

inline sample_epochs()
{
    atomic { passed[0] = !inside[0]; moved[me * CORES] = false };
    atomic { passed[1] = !inside[1]; moved[me * CORES + 1] = false }
}

inline await_epoch()
{
    passed[0] || !inside[0] || moved[me * CORES];
    passed[1] || !inside[1] || moved[me * CORES + 1];
    passed[0] = false; passed[1] = false
}

inline take_adaptor(object)
{
#ifndef BUG_swaps_not_serialized
    atomic { !busy[object] -> busy[object] = true }
#else
    skip
#endif
}

inline publish_to_slots(object, policy)
{
    // Core by core: another core may run between any two stores.
    slot_of(object, 0) = policy;
    slot_of(object, 1) = policy
}

inline close_gate_of(object)
{
    atomic { gated[object] = true; old[object] = current[object]; winner[object] = old[object] };
#ifdef BUG_gate_open_on_one_core
    slot_of(object, 0) = GATE
#else
    publish_to_slots(object, GATE)
#endif
}

inline put_nobody_in_charge(object)
{
    charge[object] = NOBODY
}

inline export_from(object)
{
    if
    :: true -> carried[object] = count[old[object]]
    :: true -> goto publish_winner
    fi;
#ifdef BUG_export_empties
    count[old[object]] = 0
#endif
}

inline import_into(object)
{
    if
    :: true -> count[next_of(object)] = carried[object]
    :: true -> goto publish_winner
    fi;
#ifdef BUG_publish_one_by_one
    publish_to_slots(object, next_of(object))
#endif
}

inline let_next_win(object)
{
    winner[object] = next_of(object); current[object] = next_of(object)
}

inline put_winner_in_charge(object)
{
    charge[object] = winner[object]
}

inline publish(object)
{
#ifdef BUG_roll_back_keeps_gate
    if
    :: committed -> publish_to_slots(object, winner[object])
    :: else
    fi
#else
    publish_to_slots(object, winner[object])
#endif
}

inline release_one(object, request)
{
    if
    :: queued[request] && target[request] == object ->
        todo[request] = true;
#ifndef BUG_release_keeps_request
        queued[request] = false
#endif
    :: else
    fi
}

inline release_queue_of(object)
{
    // One step under the lock of the queue, so that who looks at the gate sees all of it or nothing.
    atomic {
        gated[object] = false;
        release_one(object, 0); release_one(object, 1);
#if REQUESTS == 2
        release_one(object, 2); release_one(object, 3)
#endif
    }
}

inline release(object)
{
#if defined(BUG_roll_back_keeps_queue)
    if
    :: committed -> release_queue_of(object)
    :: else
    fi
#elif defined(BUG_roll_back_one)
    if
    :: committed || object == 0 -> release_queue_of(object)
    :: else
    fi
#elif defined(BUG_queue_never_released)
    skip
#else
    release_queue_of(object)
#endif
}

inline free_old(object)
{
    freed[old[object]] = true
}

inline free_next(object)
{
    freed[next_of(object)] = true
}

inline give_adaptor_back(object)
{
#ifdef BUG_refusal_keeps_object
    busy[object] = !committed
#else
    busy[object] = false
#endif
}

proctype swap_job(byte me)
{
    byte carried[OBJECTS];
    byte old[OBJECTS];
    byte winner[OBJECTS];           // what is published in the end: the old policy until the commit
    bool passed[CORES];
    bool committed;

begin_swap:
    // In the order of the objects, whatever the order in which a transaction names them.
#ifdef BUG_objects_in_any_order
    if
    :: me == 1 -> take_adaptor(1); take_adaptor(0); goto construct_next
    :: else
    fi;
#endif
    each_object(take_adaptor);
construct_next:
    if
    :: true
    :: true -> goto refuse
    fi;
#ifdef BUG_epoch_sampled_too_early
    sample_epochs();
#endif
close_gate:
    each_object(close_gate_of);
#ifndef BUG_epoch_sampled_too_early
    sample_epochs();
#endif
#ifndef BUG_no_epoch_before_export
pass_epoch:
    await_epoch();
#endif
    atomic { each_object(put_nobody_in_charge) };
#ifdef BUG_publish_before_export
    publish_to_slots(0, next_of(0));
#endif
export_state:
    each_object(export_from);
import_state:
    each_object(import_into);
commit:
    atomic { committed = true; each_object(let_next_win) };
publish_winner:
    // After a failure this is the way back: the old policies are published as the next ones would be.
    atomic { skip; each_object(put_winner_in_charge) };
#ifdef BUG_gate_opened_too_early
    each_object(release);
#endif
    each_object(publish);
#ifndef BUG_gate_opened_too_early
open_gate:
    each_object(release);
#endif
    if
    :: !committed -> goto refuse
    :: else
    fi;
retire_old:
#ifndef BUG_retire_without_grace
    sample_epochs();
    await_epoch();
#endif
    atomic { each_object(free_old) };
    goto finish_swap;
refuse:
    // No core has seen the next policy, so it needs no grace period.
    atomic { skip; each_object(free_next) };
finish_swap:
    assert(one_version);
    each_object(give_adaptor_back);
    ended++
}

inline put_first_policy(object)
{
    current[object] = policy_of(object, 0); charge[object] = current[object];
    slot_of(object, 0) = current[object]; slot_of(object, 1) = current[object]
}

init
{
    atomic {
        each_object(put_first_policy);
        run core(0); run core(1);
        run swap_job(0);
#if JOBS == 2
        run swap_job(1)
#endif
    }
}

ltl all_served { <> (ended == CORES + JOBS) }
