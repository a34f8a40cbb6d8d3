// Collector: marking and sweeping while every core goes on, each looking up only at its own boundary.
//
// Each object belongs to one core's heap; only its owner traces and sweeps it. Outside its crossings a
// core holds no reference, so that its boundary is an exact safe point. The coordinator, a job, asks for
// the phases by ragged handshake: it names the phase, each core takes it up at a boundary of its own,
// and the coordinator goes on when all have.
//   barrier  the core exchanges the meaning of its colours (all it owns is white now), and every
//            reference that it overwrites or takes away is shaded first: the deletion barrier.
//   births   its new objects are born marked. A core gets here only after all have the barrier; so what it
//            loads from now on was loaded when nothing could disappear unshaded any more.
//   mark     it shades its roots, and from now on a grey object in each of its slices. An object of
//            another core is shaded by a message to that core, which carries the object itself: whoever
//            turns it from white owns that message, and so there is at most one for each object.
//   settle   marking has ended everywhere; one epoch passes.
//   sweep    it frees what it owns and what is still white.
// That marking has ended is found by counting (Mattern): each core counts what it shaded and what it
// traced. When asked, it answers with both at its boundary. Marking has ended when two consecutive
// rounds found the same sums, and as much traced as shaded.
//
// Heap:       OBJECTS, of the cores in turn, one field each; one root and one mailbox for each core.
//             grey means: on the owner's list, or in a message under way to it.
// Mutator:    crossings of at most STEPS steps, CROSSINGS of them (0: for ever), from any heap.
// Leaves out: fences (a field is stored and its old value shaded under the object's lock); quotas.
// Holds:      no object is swept that a root, a mailbox, a crossing or another such object refers to;
//             every collection ends, whatever the mutators do; garbage is freed, cycles across cores too.
//
// verify collector:                 safety -DOBJECTS=3 -DSTEPS=3 -DCROSSINGS=2
// verify collector-two-objects:     safety -DOBJECTS=2 -DSTEPS=3 -DCROSSINGS=0
// verify collector-ends:            ltl=collection_ends fair -DOBJECTS=2 -DSTEPS=2 -DCROSSINGS=0
// verify collector-cycle:           ltl=cycle_freed fair -DOBJECTS=2 -DSTEPS=2 -DCROSSINGS=0 -DCYCLE
// fault  no_deletion_barrier:       collector -> assertion violated
// fault  mail_taken_without_shade:  collector -> assertion violated
// fault  mail_is_no_root:           collector -> assertion violated
// fault  no_second_handshake:       collector -> assertion violated
// fault  one_core_is_enough:        collector -> assertion violated
// fault  births_marked_too_early:   collector -> assertion violated
// fault  births_marked_too_late:    collector -> assertion violated
// fault  births_unmarked:           collector -> assertion violated
// fault  one_round:                 collector -> assertion violated
// fault  messages_not_counted:      collector -> assertion violated
// fault  reference_outlives_crossing: collector -> assertion violated
// fault  shade_counted_twice:       collector-ends -> acceptance cycle
// fault  mark_message_lost:         collector-ends -> acceptance cycle

#ifndef CROSSINGS_1
#define CROSSINGS_1 CROSSINGS   // of core 1
#endif

#define CORES 2
#define NONE  7

// Phases, in their order.
#define IDLE    0
#define BARRIER 1
#define BIRTHS  2
#define MARK    3
#define SETTLE  4
#define SWEEP   5

byte root[CORES] = NONE;
byte mail[CORES] = NONE;        // a message in flight that carries a reference
byte held[CORES] = NONE;        // what a crossing under way has in hand
byte field[OBJECTS] = NONE;
bool allocated[OBJECTS];
bool colour[OBJECTS];
bool grey[OBJECTS];

byte asked = IDLE;              // the phase that the coordinator asks for,
byte phase[CORES] = IDLE;       // and the one that each core is in
bool marked[CORES];             // the colour that means marked to the core
byte shaded[CORES];
byte traced[CORES];
bool counting[CORES];           // the core owes an answer to this round
byte round_shaded;
byte round_traced;
bool collecting;

#if OBJECTS == 2
#define each_object(step) step(0); step(1)
#elif OBJECTS == 3
#define each_object(step) step(0); step(1); step(2)
#else
#define each_object(step) step(0); step(1); step(2); step(3)
#endif
#define owner(object) ((object) % CORES)
#define barrier_on    (phase[me] != IDLE && phase[me] != SWEEP)

inline shade(object)
{
    if
    :: object != NONE ->
        if
        :: colour[object] != marked[me] ->
            colour[object] = marked[me];
#ifdef BUG_messages_not_counted
            if
            :: owner(object) == me -> shaded[me]++
            :: else
            fi;
#else
            shaded[me]++;
#endif
#ifdef BUG_mark_message_lost
            if
            :: owner(object) == me -> grey[object] = true
            :: else
            fi
#else
            grey[object] = true
#endif
        :: else
#ifdef BUG_shade_counted_twice
            -> shaded[me] = (shaded[me] < 5 -> shaded[me] + 1 : 5)
#endif
        fi
    :: else
    fi
}

inline before_overwriting(object)
{
#ifndef BUG_no_deletion_barrier
    if
    :: barrier_on -> shade(object)
    :: else
    fi
#else
    skip
#endif
}

// What may not be swept, whatever the colours say. One bit for each object, and one for NONE.
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
    :: owner(object) == me && allocated[object] && colour[object] != marked[me] ->
        assert(!is_reachable(object));
        allocated[object] = false; field[object] = NONE; colour[object] = false; grey[object] = false
    :: else
    fi
}

inline allocate(object)
{
    // Born with its field set, as by a constructor.
    allocated[object] = true; field[object] = held[me]; held[me] = object;
#if defined(BUG_births_marked_too_early)
    colour[object] = marked[me]
#elif defined(BUG_births_marked_too_late)
    colour[object] = (phase[me] == BARRIER || phase[me] == BIRTHS -> !marked[me] : marked[me])
#elif defined(BUG_births_unmarked)
    colour[object] = (barrier_on -> !marked[me] : marked[me])
#else
    colour[object] = (phase[me] == BARRIER -> !marked[me] : marked[me])
#endif
}

inline trace_object(object)
{
    grey[object] = false;
    shade(field[object]);
    traced[me]++
}

#define has_grey(object) (owner(object) == me && grey[object])
#define may_allocate(object) (owner(object) == me && !allocated[object])
#if OBJECTS == 2
#define any_grey (has_grey(0) || has_grey(1))
#else
#define any_grey (has_grey(0) || has_grey(1) || has_grey(2) || has_grey(OBJECTS - 1))
#endif
#define may_trace ((phase[me] == MARK || phase[me] == SETTLE) && any_grey)

proctype core(byte me)
{
    byte left;                  // of the crossing under way: 1 and the steps that it may still take
#if CROSSINGS > 0
    byte crossings = (me == 0 -> CROSSINGS : CROSSINGS_1);
#define may_cross crossings > 0
#else
#define may_cross true
#endif
end_outside:
    do
    :: atomic { left > 1 || (left == 0 && may_cross) ->
            if
            :: left == 0 ->
enter_crossing:
#if CROSSINGS > 0
                crossings--;
#endif
                left = STEPS + 1;
load_root:
                held[me] = root[me]
            :: else
            fi;
            left--;
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
            :: held[me] != NONE && field[held[me]] != NONE ->
clear_field:
                before_overwriting(field[held[me]]);
                field[held[me]] = NONE
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
    :: atomic { left > 0 || asked != phase[me] || counting[me] || may_trace ->
        // The crossing ends, or the core is kicked out of its halt or guest to do its part: one piece of
        // work at each boundary, so that the other core may run between any two.
end_crossing:
        left = 0;
#ifndef BUG_reference_outlives_crossing
        held[me] = NONE;
#endif
        if
        :: asked != phase[me] ->
take_up_phase:
            phase[me] = asked;
            if
            :: asked == BARRIER ->
exchange_colours:
                marked[me] = !marked[me]; shaded[me] = 0; traced[me] = 0
            :: asked == MARK ->
shade_roots:
                shade(root[me]);
#ifndef BUG_mail_is_no_root
                shade(mail[me])
#endif
            :: asked == SWEEP ->
sweep_heap:
                find_reachable();
                each_object(sweep_object)
            :: else
            fi
        :: counting[me] ->
answer_round:
            round_shaded = round_shaded + shaded[me]; round_traced = round_traced + traced[me];
            counting[me] = false
        :: may_trace ->
trace_grey:
            if
            :: has_grey(0) -> trace_object(0)
            :: has_grey(1) -> trace_object(1)
#if OBJECTS > 2
            :: has_grey(2) -> trace_object(2)
            :: OBJECTS == 4 && has_grey(OBJECTS - 1) -> trace_object(OBJECTS - 1)
#endif
            fi
        :: else
        fi
       }
    od
}

#ifdef BUG_one_core_is_enough
#define all_in(which) (phase[0] == which)
#else
#define all_in(which) (phase[0] == which && phase[1] == which)
#endif

inline hand_shake(from, to)
{
    atomic { all_in(from) -> asked = to }
}

inline count_round()
{
    round_shaded = 0; round_traced = 0; counting[0] = true; counting[1] = true
}

proctype coordinator()
{
    byte before = NONE;         // what the round before found shaded and traced; NONE: not the same
    do
    :: atomic { all_in(IDLE) ->
start_barrier:
            asked = BARRIER; collecting = true };
#ifndef BUG_no_second_handshake
mark_births:
        hand_shake(BARRIER, BIRTHS);
start_marking:
        hand_shake(BIRTHS, MARK);
#else
        hand_shake(BARRIER, MARK);
#endif
        atomic { all_in(MARK) -> count_round() };
        do
        :: atomic { !counting[0] && !counting[1] ->
count_marks:
                if
#ifdef BUG_one_round
                :: round_shaded == round_traced -> break
#else
                :: round_shaded == round_traced && round_shaded == before -> break
#endif
                :: else -> before = (round_shaded == round_traced -> round_shaded : NONE); count_round()
                fi }
        od;
settle:
        atomic { asked = SETTLE; before = NONE; round_shaded = 0; round_traced = 0 };
start_sweep:
        hand_shake(SETTLE, SWEEP);
rest:
        atomic { all_in(SWEEP) -> asked = IDLE; collecting = false }
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
        :: root[1] = 0
        :: choose_reference(root[1], 1); choose_reference(field[1], 2); choose_reference(mail[1], 2);
           allocated[2] = true
        fi;
#else
        // A chain from core to core, which core 0 will enter in the middle.
        allocated[2] = true; allocated[3] = true;
        mail[0] = 1; field[1] = 3; field[3] = 2; field[2] = 0;
        choose_reference(root[1], 1);
#endif
#endif
        run core(0); run core(1); run coordinator()
    }
}

ltl collection_ends { [] (collecting -> <> !collecting) }
ltl cycle_freed { <> (!allocated[0] && !allocated[1]) }
