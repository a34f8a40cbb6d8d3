// Collector: marking and sweeping while every core goes on, each looking up only at its own boundaries.
//
// Each object belongs to one core's heap; only its owner traces and sweeps it. Outside its crossings a
// core holds no reference, so that its boundary is an exact safe point. Phases change by ragged
// handshake: a phase is announced, and each core adopts it at its next boundary, at the latest when it
// enters its next crossing; a core that is outside of any therefore counts as having adopted it.
//   arming    nothing is marked, so that all is white. A core that has adopted this shades what it overwrites
//             or takes away: the deletion barrier. Objects are born white.
//   greying   all have the barrier; what a crossing loads from now on, nobody took away unshaded. Objects
//             are born grey, since a core that is behind may still store white ones in them.
//   marking   no crossing holds anything from before. Roots and grey objects are traced in slices;
//             objects are born black. An object of another core is noted in its page, and the page sent to its
//             owner, once until the owner takes it; the owner shades what is noted there and white.
//   closing   nothing white can be reached; the barrier goes. This is the epoch before the sweep.
//   sweeping  what is white is freed, and marks and notes end.
// That marking has ended is found by counting (Mattern): a core is active while it has or may make grey
// objects; it counts each change of that, the messages that it sent and those that it received. Marking
// has ended when two rounds in a row found every core idle and the same sums, as much sent as received.
// Messages alone would not do: the barrier can make an idle core active without any.
//
// Heap:       OBJECTS, of the cores in turn, with one field each; one root and one mailbox for each core. A core's
//             objects are in one page, but for those that are born after the mark began: they may be in pages made
//             since, which this collection neither marks nor sweeps.
// Mutator:    crossings of at most STEPS steps, CROSSINGS of them (0: for ever), from some small heaps.
// Leaves out: fences (an entry's are those of epochs.pml); discarded crossings; quotas. Counters begin
//             anew in each collection, so that the model is finite.
// Holds:      no object is swept that a root, a mailbox, a crossing or another such object refers to;
//             every collection ends, whatever the mutators do; a garbage cycle across cores is freed.
//
// verify collector:                   safety partial -DOBJECTS=3 -DSTEPS=2 -DCROSSINGS=1
// verify collector-constructor:       safety partial -DOBJECTS=3 -DSTEPS=3 -DSTEPS_1=2 -DCROSSINGS=1 -DFREE_OBJECT
// verify collector-chain:             safety partial -DOBJECTS=4 -DSTEPS=3 -DCROSSINGS=2 -DCROSSINGS_1=0
// verify collector-for-ever:          safety full -DOBJECTS=2 -DSTEPS=2 -DSTEPS_1=1 -DCROSSINGS=0
// verify collector-ends:              ltl=collection_ends fair -DOBJECTS=2 -DSTEPS=1 -DSTEPS_1=0 -DCROSSINGS=0
// verify collector-cycle:             ltl=cycle_freed fair -DOBJECTS=2 -DSTEPS=1 -DCROSSINGS=0 -DCYCLE
// fault  no_deletion_barrier:         collector -> assertion violated !(((reachable&
// fault  shade_after_store:           collector-chain -> assertion violated !(((reachable&
// fault  mail_taken_without_shade:    collector -> assertion violated !(((reachable&
// fault  mail_is_no_root:             collector -> assertion violated !(((reachable&
// fault  no_second_handshake:         collector -> assertion violated !(((reachable&
// fault  one_core_is_enough:          collector -> assertion violated !(((reachable&
// fault  entered_without_adopting:    collector -> assertion violated !(((reachable&
// fault  born_white_in_greying:       collector -> assertion violated !(((reachable&
// fault  born_white_in_marking:       collector -> assertion violated !(((reachable&
// fault  barrier_leaves_core_idle:    collector-chain -> assertion violated !(((reachable&
// fault  message_overlooked:          collector-chain -> assertion violated !(((reachable&
// fault  reference_outlives_crossing: collector -> assertion violated !(((reachable&
// fault  born_black_in_arming:        collector-constructor -> assertion violated !(((reachable&
// fault  one_round:                   collector-chain -> assertion violated !(((reachable&
// fault  message_lost:                collector-ends -> acceptance cycle
// fault  never_idle:                  collector-ends -> acceptance cycle
// fault  notes_do_not_end:            collector-for-ever -> assertion violated !(((reachable&
// fault  notes_of_marked:             collector-for-ever -> assertion violated ( !(((activity
// fault  notes_in_new_pages:          collector-for-ever -> assertion violated ( !(((activity

#ifndef CROSSINGS_1
#define CROSSINGS_1 CROSSINGS   // of core 1
#endif
#ifndef STEPS_1
#define STEPS_1 STEPS
#endif

#define CORES 2
#define NONE  7

// Phases, in their order.
#define IDLE     0
#define ARMING   1
#define GREYING  2
#define MARKING  3
#define CLOSING  4
#define SWEEPING 5

byte root[CORES] = NONE;
byte mail[CORES] = NONE;        // a message to the core that carries a reference
byte held[CORES] = NONE;        // what the crossing under way has in hand
byte left[CORES];               // of the crossing under way: 1 and the steps that it may still take
byte field[OBJECTS] = NONE;
bool allocated[OBJECTS];
bool marked[OBJECTS];           // by its owner; white if not, unless
bool fresh[OBJECTS];            // its page was made after the owner's mark began
bool grey[OBJECTS];
bool found[OBJECTS];            // noted by another core
bool posted[CORES];             // the core's page is in a message to it

byte announced = IDLE;          // the phase of now,
byte adopted[CORES] = IDLE;     // and the one that each core is in
bool scanned[CORES];            // the core's roots were
bool swept[CORES];
byte activity[CORES];           // odd: the core has or may make something grey
byte sent[CORES];
byte received[CORES];
bool collecting;
bool begun;                     // the heap is made

#if OBJECTS == 2
#define each_object(step) step(0); step(1)
#elif OBJECTS == 3
#define each_object(step) step(0); step(1); step(2)
#else
#define each_object(step) step(0); step(1); step(2); step(3)
#endif
#define owner(object)  ((object) % CORES)
#define quiescent(core) (left[core] == 0)
#define active(core)   ((activity[core] & 1) != 0)
#define records_deletions (ARMING <= adopted[me] && adopted[me] <= MARKING)

inline become_active()
{
    if
    :: !active(me) -> activity[me]++
    :: else
    fi
}

#define is_white(object) (!marked[object] && !fresh[object])

inline shade(object)
{
    if
    :: object != NONE && owner(object) == me && is_white(object) ->
        become_active();
        marked[object] = true; grey[object] = true
#if defined(BUG_notes_in_new_pages)
    :: object != NONE && owner(object) != me && !marked[object] && !found[object] ->
#elif defined(BUG_notes_of_marked)
    :: object != NONE && owner(object) != me && !fresh[object] && !found[object] ->
#else
    :: object != NONE && owner(object) != me && is_white(object) && !found[object] ->
#endif
        become_active();
        found[object] = true;
        if
        :: !posted[owner(object)] ->
            sent[me]++;
#ifndef BUG_message_lost
            posted[owner(object)] = true
#endif
        :: else
        fi
    :: else
    fi
}

inline before_overwriting(object)
{
#if defined(BUG_shade_after_store)
    owed = object
#elif defined(BUG_barrier_leaves_core_idle)
    if
    :: records_deletions && object != NONE && owner(object) == me && is_white(object) ->
        marked[object] = true; grey[object] = true
    :: records_deletions && object != NONE && owner(object) != me -> shade(object)
    :: else
    fi
#elif !defined(BUG_no_deletion_barrier)
    if
    :: records_deletions -> shade(object)
    :: else
    fi
#else
    skip
#endif
}

// What may not be swept, whatever the marks say. One bit for each object, and one for NONE.
hidden byte reachable;
#define is_reachable(object) ((reachable & (1 << object)) != 0)

inline follow(object)
{
    if
    :: is_reachable(object) -> reachable = reachable | (1 << field[object])
    :: else
    fi
}

inline find_reachable()
{
    reachable = (1 << root[0]) | (1 << root[1]) | (1 << mail[0]) | (1 << mail[1]) | (1 << held[0]) | (1 << held[1]);
    each_object(follow); each_object(follow); each_object(follow)
}

inline sweep_object(object)
{
    if
    :: owner(object) == me && allocated[object] && is_white(object) ->
        assert(!is_reachable(object));
        allocated[object] = false; field[object] = NONE
    :: else
    fi;
    if
    :: owner(object) == me && !fresh[object] ->
        marked[object] = false;
#ifndef BUG_notes_do_not_end
        found[object] = false
#else
        skip
#endif
    :: else
    fi
}

inline allocate(object)
{
    // Its field is set before anybody else can see it, as by a constructor.
    allocated[object] = true; field[object] = held[me]; held[me] = object;
    if
#if defined(BUG_born_black_in_arming)
    :: adopted[me] == ARMING -> marked[object] = true
#endif
#ifndef BUG_born_white_in_marking
    :: adopted[me] >= MARKING && !swept[me] -> marked[object] = true
    :: adopted[me] >= MARKING && !swept[me] -> fresh[object] = true
#endif
    :: else
    fi;
#ifndef BUG_born_white_in_greying
    if
    :: adopted[me] == GREYING -> become_active(); marked[object] = true; grey[object] = true
    :: else
    fi
#endif
}

inline trace_object(object)
{
    grey[object] = false;
    shade(field[object])
}

inline shade_found(object)
{
    if
    :: owner(object) == me && found[object] && is_white(object) -> marked[object] = true; grey[object] = true
    :: else
    fi
}

inline take_page()
{
    become_active();
    posted[me] = false;
    received[me]++;
    each_object(shade_found)
}

#define has_grey(object) (owner(object) == me && grey[object])
#define has_message (posted[me])
#define any_message(core) (posted[core])
#define may_allocate(object) (owner(object) == me && !allocated[object])
#if OBJECTS == 2
#define any_grey    (grey[me])
#elif OBJECTS == 3
#define any_grey    (grey[me] || (me == 0 && grey[2]))
#else
#define any_grey    (grey[me] || grey[me + 2])
#endif
#define has_work ((adopted[me] == MARKING && (active(me) || any_message(me) || any_grey)) || \
                  (adopted[me] == SWEEPING && !swept[me]))

inline adopt()
{
    if
    :: announced != IDLE && (adopted[me] == IDLE || announced < adopted[me]) ->
        // The first of this collection that it sees; it may have slept through others.
begin_mark:
        swept[me] = false;
        become_active()
    :: else
    fi;
    adopted[me] = announced
}

proctype core(byte me)
{
#if CROSSINGS > 0
    byte crossings = (me == 0 -> CROSSINGS : CROSSINGS_1);
#define may_cross crossings > 0
#else
#define may_cross true
#endif
#ifdef BUG_shade_after_store
    byte owed = NONE;
#endif
end_outside:
    do
    :: atomic { quiescent(me) && may_cross ->
enter_crossing:
#if CROSSINGS > 0
        crossings--;
#endif
#ifndef BUG_entered_without_adopting
        if
        :: announced != adopted[me] -> adopt()
        :: else
        fi;
#endif
        left[me] = (me == 0 -> STEPS : STEPS_1) + 1; held[me] = root[me]
       }
    :: atomic { left[me] > 1 ->
        left[me]--;
#ifdef BUG_shade_after_store
        if
        :: owed != NONE && records_deletions -> shade(owed)
        :: else
        fi;
        owed = NONE;
#endif
        if
        :: held[me] != NONE && field[held[me]] != NONE ->
load_field:
            held[me] = field[held[me]]
        :: root[me] != held[me] ->
store_root:
            before_overwriting(root[me]);
            root[me] = held[me]
        :: root[me] != NONE && field[root[me]] != held[me] ->
store_field:
            before_overwriting(field[root[me]]);
            field[root[me]] = held[me]
        :: root[me] != NONE && field[root[me]] != NONE ->
clear_field:
            before_overwriting(field[root[me]]);
            field[root[me]] = NONE
        :: held[me] != NONE && mail[1 - me] == NONE ->
send_reference:
            mail[1 - me] = held[me]
        :: mail[me] != NONE ->
receive_reference:
            held[me] = mail[me];
#ifndef BUG_mail_taken_without_shade
            before_overwriting(mail[me]);
#endif
            mail[me] = NONE
        :: may_allocate(0) ->
allocate_object:
            allocate(0)
        :: may_allocate(1) -> allocate(1)
#if OBJECTS > 2
        :: may_allocate(2) -> allocate(2)
#endif
        :: else
        fi
       }
    :: atomic { left[me] > 0 || announced != adopted[me] || has_work ->
        // The crossing ends, or the core is kicked out of its halt or guest to do its part: one piece of
        // work at each boundary, so that the other core may run between any two.
safe_point:
        left[me] = 0;
#ifdef BUG_shade_after_store
        if
        :: owed != NONE && records_deletions -> shade(owed)
        :: else
        fi;
        owed = NONE;
#endif
#ifndef BUG_reference_outlives_crossing
        held[me] = NONE;
#endif
        if
        :: announced != adopted[me] -> adopt()
        :: announced == adopted[me] && adopted[me] == MARKING && !scanned[me] ->
scan_roots:
            shade(root[me]);
#ifndef BUG_mail_is_no_root
            shade(mail[me]);
#endif
            scanned[me] = true
        :: announced == adopted[me] && adopted[me] == MARKING && scanned[me] ->
            if
            :: has_grey(0) ->
scan_object:
                trace_object(0)
            :: has_grey(1) -> trace_object(1)
            :: has_message ->
take_message:
                take_page()
#if OBJECTS > 2
            :: has_grey(2) -> trace_object(2)
#endif
#if OBJECTS > 3
            :: has_grey(3) -> trace_object(3)
#endif
            :: !any_grey && !any_message(me) && active(me) ->
become_idle:
#ifndef BUG_never_idle
                activity[me]++
#endif
            :: else
            fi
        :: announced == adopted[me] && adopted[me] == SWEEPING && !swept[me] ->
sweep_heap:
            find_reachable();
            each_object(sweep_object);
            swept[me] = true
        :: else
        fi
       }
    od
}

#define has_adopted(core, phase) (adopted[core] == phase || quiescent(core))
#ifdef BUG_one_core_is_enough
#define everyone_adopted(phase) has_adopted(0, phase)
#else
#define everyone_adopted(phase) (has_adopted(0, phase) && has_adopted(1, phase))
#endif

inline look_at(whom)
{
#ifdef BUG_message_overlooked
    quiet = quiet && adopted[whom] == MARKING && !active(whom);
#else
    quiet = quiet && adopted[whom] == MARKING && !active(whom) && !any_message(whom);
#endif
    sum_activity = sum_activity + activity[whom];
    sum_sent = sum_sent + sent[whom];
    sum_received = sum_received + received[whom]
}

#if defined(BUG_message_overlooked)
#define is_quiet (quiet)
#else
#define is_quiet (quiet && sum_sent == sum_received)
#endif
#ifdef BUG_one_round
#define is_same true
#else
#define is_same (was_quiet && sum_activity == before_activity && sum_sent == before_sent)
#endif

#define no_longer_fresh(object) fresh[object] = false

proctype coordinator()
{
    bool quiet;
    byte sum_activity;
    byte sum_sent;
    byte sum_received;
    bool was_quiet;             // the round before
    byte before_activity;
    byte before_sent;
    do
    :: atomic { true ->
begin_collection:
        assert(!active(0) && !active(1));
        activity[0] = 0; activity[1] = 0;
        sent[0] = 0; sent[1] = 0; received[0] = 0; received[1] = 0;
        scanned[0] = false; scanned[1] = false; each_object(no_longer_fresh);
        announced = ARMING; collecting = true };
#ifndef BUG_no_second_handshake
begin_greying:
        atomic { everyone_adopted(ARMING) -> announced = GREYING };
begin_marking:
        atomic { everyone_adopted(GREYING) -> announced = MARKING };
#else
        atomic { everyone_adopted(ARMING) -> announced = MARKING };
#endif
        do
        :: atomic { true ->
count_round:
            quiet = true; sum_activity = 0; sum_sent = 0; sum_received = 0;
            look_at(0) };
            // One core after the other: the cores go on in between.
            atomic {
                look_at(1);
                if
                :: is_quiet && is_same -> break
                :: else ->
                    was_quiet = is_quiet;
                    before_activity = (was_quiet -> sum_activity : 0);
                    before_sent = (was_quiet -> sum_sent : 0)
                fi
            }
        od;
begin_closing:
        atomic {
            was_quiet = false; before_activity = 0; before_sent = 0;
            quiet = false; sum_activity = 0; sum_sent = 0; sum_received = 0;
            announced = CLOSING
        };
begin_sweeping:
        atomic { everyone_adopted(CLOSING) -> announced = SWEEPING };
end_collection:
        atomic { swept[0] && swept[1] -> announced = IDLE; collecting = false }
#if CROSSINGS > 0
        ; break
#endif
    od
}

inline choose_reference(place, object)
{
    if
    :: place = NONE
    :: place = object
    fi
}

init
{
    atomic {
        allocated[0] = true; allocated[1] = true;
#ifdef CYCLE
        // No root, no free object: nobody will ever touch these two again.
        field[0] = 1; field[1] = 0;
#else
        // Some small heaps; the mutators make others of them.
#if OBJECTS == 2
        root[0] = 0;
        choose_reference(field[0], 1); choose_reference(root[1], 1); choose_reference(mail[1], 0);
#elif OBJECTS == 3
        root[0] = 0;
        choose_reference(field[0], 1);
        if
        :: root[1] = 0          // and object 2 is free
#ifndef FREE_OBJECT
        :: choose_reference(root[1], 1); choose_reference(field[1], 2); choose_reference(mail[1], 2);
           allocated[2] = true
#endif
        fi;
#else
        // A chain from core to core, which core 0 will enter in the middle.
        allocated[2] = true; allocated[3] = true;
        mail[0] = 1; field[1] = 3; field[3] = 2; field[2] = 0;
        choose_reference(root[1], 1);
#endif
#endif
        begun = true;
        run core(0); run core(1); run coordinator()
    }
}

ltl collection_ends { [] (collecting -> <> !collecting) }
ltl cycle_freed { (<> (begun && !allocated[0])) && (<> (begun && !allocated[1])) }
