// Migration: a vcpu goes from core to core while it runs, is posted to, stopped and destroyed.
//
// One message, which outlives every vcpu, goes to the target, which makes room; the vcpu's own message then
// has its home give it up and name the target its home; the first message takes it in there and comes back
// to core 0. Whoever asks something of the vcpu sets a bit in it, reads its home and posts its message
// there, in three steps. A core that takes the message out of its inbox and is not the home any more
// passes it on; only then, or when it receives it, may the message be posted again. What is asked on the
// way stays asked until it has arrived. Core 0, on which migrations begin and end, takes the VM down: not
// while a migration has the vcpu, and when its devices post no more, not before its message is in no inbox
// and every core has ended the crossing in which it may have received it.
//
// Processor:  sequentially consistent steps; the bits, the home and the inboxes are atomics.
// Cores:      CORES of them; each takes messages in any order, one crossing each, or waits.
// Others:     a device asks for attention EVENTS times, from outside of all cores.
// Left out:   refusals for want of room, which end before anything has changed; schedulers' failures
//             (migration_scheduler_test.cpp).
// Holds:      one core at most has the vcpu; nobody touches it after it was destroyed; no room is kept for
//             nothing; what was asked is done, unless the vcpu was stopped; migrations and take-down end.
//
// verify migration:                safety
// verify migration-three-cores:    safety partial full -DCORES=3
// fault  forgets_where_it_went:    migration -> assertion violated ((job_done
// fault  posted_again_too_early:   migration -> assertion violated !(destroyed
// fault  arrives_by_its_own:       migration -> assertion violated !(destroyed
// fault  acts_on_the_way:          migration -> assertion violated
// fault  forgets_what_was_asked:   migration -> assertion violated ( !(event
// fault  keeps_the_room:           migration -> assertion violated !((room
// fault  takes_down_too_early:     migration -> assertion violated
// fault  destroys_what_is_posted:  migration -> assertion violated !(destroyed
// fault  destroys_without_grace:   migration -> assertion violated !(destroyed

#ifndef CORES
#define CORES 2
#endif
#define MOVES  2
#define EVENTS 2

mtype = { idle, preparing, leaving, arriving, cancelling, over };

bool posted;                            // the vcpu's message is in an inbox, or in the hand of a core
bool vcpu_in[CORES];                    // its message is in that inbox
bool migration_in[CORES];               // the migration's message is
mtype phase = idle;                     // of the migration
byte target;
byte home;
bool event, stop, leave, transit;       // what is asked of the vcpu, and that it is on the way
bool here[CORES];                       // the core has it in its list
bool room[CORES];                       // the core keeps a place for it
bool inside[CORES];                     // the core is in a crossing
bool stopped;                           // was told
bool destroyed;

bool device_done;                       // disconnected: it posts no more
bool job_done;

#define touch() assert(!(destroyed))
#define others_have_it(me) (here[(me + 1) % CORES] || here[(me + 2) % CORES] && (me + 2) % CORES != me)

// The bit is set; now the vcpu's message goes to its home.
inline post(seen)
{
    // read_home
    atomic { touch(); seen = home };
    if
    :: atomic { !posted -> touch(); posted = true };
    // insert
        atomic { touch(); vcpu_in[seen] = true; seen = 0 }
    :: atomic { posted -> touch(); seen = 0 }
    fi
}

// What was asked, on the vcpu's home.
inline receive(me)
{
    if
#ifndef BUG_acts_on_the_way
    :: atomic { transit -> touch() }
#endif
    :: atomic {
#ifndef BUG_acts_on_the_way
            !transit && stop ->
#else
            stop ->
#endif
            touch(); here[me] = false; stop = false };
        if
        :: atomic { leave -> touch(); leave = false; phase = cancelling; migration_in[target] = true }
        :: else
        fi;
    // told
        atomic { touch(); stopped = true }
    :: atomic { !transit && !stop && leave -> touch(); leave = false };
    // depart
        if
        :: atomic { here[me] -> touch(); here[me] = false; transit = true };
    // give_home
            atomic { touch(); home = target;
#ifdef BUG_arrives_by_its_own
                phase = arriving }; post(seen)
#else
                phase = arriving };
    // hand_over
            migration_in[target] = true
#endif
        :: atomic { !here[me] -> touch(); phase = cancelling; migration_in[target] = true }
        fi
    :: atomic { !transit && !stop && !leave && event -> touch(); event = false }
    :: atomic { !transit && !stop && !leave && !event -> touch() }
    fi
}

inline arrive(me)
{
    atomic {
        touch(); assert(transit && home == me && room[me]);
        room[me] = false; here[me] = true; assert(!(others_have_it(me)));
        transit = false; phase = over; migration_in[0] = true
    }
}

proctype core(byte me)
{
    byte seen;
end_waits:
    do
    :: atomic { vcpu_in[me] -> inside[me] = true; vcpu_in[me] = false };
#ifdef BUG_posted_again_too_early
        posted = false;
#endif
look_where_it_is:
        if
        :: atomic { home != me -> touch(); seen = home };
forward:
#if defined(BUG_forgets_where_it_went)
            atomic { posted = false; seen = 0 }
#elif defined(BUG_posted_again_too_early)
            post(seen)
#else
            atomic { touch(); vcpu_in[seen] = true; seen = 0 }
#endif
        :: atomic { home == me -> touch(); posted = false };
#ifdef BUG_arrives_by_its_own
            if
            :: atomic { transit -> skip }; arrive(me)
            :: else
            fi;
#endif
            goto do_what_was_asked
        fi;
        inside[me] = false
    :: atomic { migration_in[me] && phase == preparing ->
            inside[me] = true; migration_in[me] = false; touch(); room[me] = true; phase = leaving; leave = true };
ask_home:
        post(seen);
        inside[me] = false
    :: atomic { migration_in[me] && phase == arriving -> inside[me] = true; migration_in[me] = false };
        arrive(me);
#ifdef BUG_forgets_what_was_asked
        inside[me] = false
#else
        goto do_what_was_asked
#endif
    :: atomic { migration_in[me] && phase == cancelling ->
            migration_in[me] = false;
#ifndef BUG_keeps_the_room
            room[me] = false;
#endif
            phase = over; migration_in[0] = true }
    :: atomic { me == 0 && migration_in[0] && phase == over -> migration_in[0] = false; phase = idle }
    od;
do_what_was_asked:
    receive(me);
    inside[me] = false;
    goto end_waits
}

// Core 0's jobs: migrations, then perhaps the end of the VM, at any time.
proctype job()
{
    byte moves = MOVES;
    byte seen;
    byte each;
    do
    :: atomic { moves > 0 && phase == idle && !stop && !stopped ->
            moves--;
            select (target : 0 .. CORES - 1);
            if
            :: target == home       // it lives there
            :: target != home -> phase = preparing; migration_in[target] = true
            fi }
    :: atomic { !stopped && !stop -> stop = true };
        post(seen);
        goto take_down
    :: moves == 0 -> break
    od;
    goto done;
take_down:
#ifdef BUG_takes_down_too_early
    stopped && device_done;
#else
    stopped && device_done && phase == idle;
#endif
#ifndef BUG_destroys_what_is_posted
await_reception:
    !posted;
#endif
#ifndef BUG_destroys_without_grace
pass_epoch:
    do
    :: atomic { each < CORES && !inside[each] -> each++ }
    :: each == CORES -> break
    od;
#endif
destroy:
    atomic { destroyed = true; assert(!(room[0] || room[1])) };
done:
    job_done = true
}

proctype device()
{
    byte events = EVENTS;
    byte seen;
    do
    :: atomic { events > 0 -> touch(); events--; event = true }; post(seen)
    :: atomic { events == 0 || stopped -> device_done = true; break }
    od
}

// When nothing can happen any more.
proctype at_the_end()
{
    atomic { timeout ->
        assert(job_done && device_done && phase == idle);
        assert(!event || stopped);
        assert(!(room[0] || room[1])) }
}

init
{
    byte each;
    atomic {
        here[0] = true;
        for (each : 0 .. CORES - 1) { run core(each) }
        run job(); run device(); run at_the_end();
        each = 0
    }
}
