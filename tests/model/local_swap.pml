// Local swap: a core-local policy is replaced, representative by representative, without any gate.
//
// Each core calls its own representative only, and exchanges it at a boundary of its own crossings, where
// it has no caller. A swap is a job: it makes the next policy, asks every core to exchange and kicks it;
// each core takes the state of its old representative over into its next one, or refuses, and answers.
// When all have exchanged, the adaptor names the next policy and the old one is freed after a grace
// period. When one refused, the cores that had exchanged are asked back: each takes its state, as it is
// by then, back into the old representative, which was kept for that and cannot refuse. The job asks back
// only after every core has answered the first question; an answer still under way would pass for the
// answer to the second.
//
// Processor:  sequentially consistent steps; that fences and store buffers allow this is epochs.pml.
// Cores:      each serves REQUESTS requests, in which it adds one to its representative's count, then
//             may halt for ever. Core 1 looks once, from outside, at what the adaptor names (totals).
// Jobs:       SWAPS swaps, one after the other, each by construction or by some core refused or not.
//             Versions are numbered, so that a core knows the way back, which it may not refuse.
// Holds:      a request is served by the representative that its core has now, never by a freed one;
//             the count is carried there and back, never lost or doubled; at the end of a swap all cores
//             have the same policy, the one that is named; every swap ends (no invalid end state; liveness).
//
// verify local-swap:               safety
// verify local-swap-ends:          ltl=all_ended fair
// fault  exchanged_from_outside:   local-swap -> assertion violated
// fault  state_left_behind:        local-swap -> assertion violated (count
// fault  way_back_takes_old_state: local-swap -> assertion violated (count
// fault  no_way_back:              local-swap -> assertion violated
// fault  asks_back_too_early:      local-swap -> assertion violated
// fault  one_answer_is_enough:     local-swap -> assertion violated
// fault  retire_without_grace:     local-swap -> assertion violated !(freed[seen])
// fault  halted_core_not_kicked:   local-swap -> invalid end state
// fault  answer_lost:              local-swap-ends -> acceptance cycle

#define CORES    2
#define REQUESTS 2
#define SWAPS    2
#define VERSIONS (SWAPS + 1)

byte count[VERSIONS * CORES];           // the state of each version's representatives
#define count_of(version, core) count[(version) * CORES + (core)]
byte current[CORES];                    // the version that each core calls
byte wanted[CORES];                     // the one that the job asks it to have,
bool asked[CORES];                      // until it has answered
bool refused[CORES];                    // what it answered
byte named;                             // the version that the adaptor names
bool freed[VERSIONS];

bool inside[CORES];                     // a crossing is under way
bool moved[CORES];                      // the core's epoch changed since the job sampled it

byte served[CORES];                     // for the properties only
bool ended;

proctype core(byte me)
{
    byte mine;
    byte next;
    byte seen;
    byte requests = REQUESTS;
    bool looked = (me == 0);
end_halted:
    do
    :: atomic { requests > 0 ->
enter_crossing:
        inside[me] = true; requests--; mine = current[me] };
serve_request:
        atomic {
            assert(!freed[mine]);
            count_of(mine, me)++; served[me]++;
            assert(mine == current[me]);
            assert(count_of(mine, me) == served[me])
        };
        goto boundary
    :: atomic { !looked ->
        inside[me] = true; looked = true; seen = named };
look_at_total:
        atomic { assert(!freed[seen]); seen = 0 };
        goto boundary
#ifndef BUG_halted_core_not_kicked
    :: atomic { asked[me] ->
kicked:
        inside[me] = true };
        goto boundary
#endif
    od;

boundary:
    mine = 0;
    if
    :: atomic { asked[me] -> next = wanted[me] };
exchange:
        // The job, the other core and its requests go on meanwhile; this core has no caller.
        atomic {
            if
            :: next == current[me]      // asked back, and had not exchanged
            :: next > current[me] -> refused[me] = true
            :: next != current[me] ->
                assert(!freed[next]);
#ifdef BUG_state_left_behind
                skip;
#elif defined(BUG_way_back_takes_old_state)
                if
                :: next > current[me] -> count_of(next, me) = count_of(current[me], me)
                :: else
                fi;
#else
                count_of(next, me) = count_of(current[me], me);
#endif
                current[me] = next
            fi;
answer:
#ifndef BUG_answer_lost
            asked[me] = false;
#endif
            next = 0
        }
    :: atomic { !asked[me] -> skip }
    fi;
leave_crossing:
    atomic { inside[me] = false; moved[me] = true };
    goto end_halted
}

inline ask(whom, version)
{
    // The core is kicked: by an interrupt, out of its halt or guest.
    atomic { wanted[whom] = version; refused[whom] = false; asked[whom] = true }
}

inline await_epoch()
{
    moved[0] = false; moved[1] = false;
    !inside[0] || moved[0];
    !inside[1] || moved[1]
}

inline exchange_for(whom)
{
    count_of(next, whom) = count_of(old, whom);
    current[whom] = next
}

proctype swap_job()
{
    byte old;
    byte next = 1;
    do
    :: next < VERSIONS ->
begin_swap:
        old = named;
construct_next:
        if
        :: true
        :: true -> goto refuse
        fi;
#ifdef BUG_exchanged_from_outside
        exchange_for(0); exchange_for(1);
#else
ask_cores:
        ask(0, next); ask(1, next);
#endif
await_answers:
#ifdef BUG_one_answer_is_enough
        !asked[0];
#elif defined(BUG_asks_back_too_early)
        (!asked[0] && !asked[1]) || refused[0] || refused[1];
#else
        !asked[0] && !asked[1];
#endif
        if
        :: refused[0] || refused[1] ->
#ifndef BUG_no_way_back
ask_back:
            ask(0, old); ask(1, old);
            !asked[0] && !asked[1];
#endif
            goto refuse
        :: else
        fi;
commit:
        named = next;
retire_old:
#ifndef BUG_retire_without_grace
        await_epoch();
#endif
        freed[old] = true;
        goto finish_swap;
refuse:
        // No core has a representative of the next policy, and none that looks from outside has seen it.
        freed[next] = true;
finish_swap:
        assert(current[0] == named && current[1] == named);
        next++
    :: else -> break
    od;
    ended = true
}

init
{
    atomic { run core(0); run core(1); run swap_job() }
}

ltl all_ended { <> ended }
