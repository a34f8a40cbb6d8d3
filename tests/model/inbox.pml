// Inbox: what cores post to one core, which takes out all that is there at once.
//
// A message is intrusive: it has the link to the next one. Who posts claims it first, so it is in one list at most; it
// is then put before the first one by compare-and-exchange. The receiver takes the whole list by one exchange, turns it
// round, and receives one after another: the link is read first, then the message can be posted again, then what was
// asked for is done. A reception may be discarded, with its crossing: the next call goes on behind it.
//
// Processor:  sequentially consistent steps; the claim and the first link are atomics, and all that the receiver reads
//             of a link was written before the exchange that published it.
// Holds:      no list that is walked has more messages than there are, so each walk ends, and reads no link that
//             somebody may write meanwhile; messages are received in the order in which they were put in; what was
//             asked for before a post is done, whatever that post answered (safety);
//             with an end of the posts all has been received (liveness, weak fairness).
// Leaves out: messages that go on to another core (migration.pml), and their ends.
//
// verify inbox:                       safety
// verify inbox-all-received:          ltl=all_received fair -DPOSTS=1
// fault  no_claim:                    inbox -> assertion violated
// fault  link_once:                   inbox -> assertion violated
// fault  link_late:                   inbox -> assertion violated
// fault  taken_in_two_steps:          inbox -> assertion violated
// fault  taken_over_the_rest:         inbox -> assertion violated
// fault  not_turned_round:            inbox -> assertion violated
// fault  allowed_before_next:         inbox -> assertion violated
// fault  received_before_allowed:     inbox -> assertion violated
// fault  never_allowed:               inbox -> assertion violated
// fault  found_not_handed:            inbox-all-received -> acceptance cycle

#define POSTERS  2
#define MESSAGES 3
#define NOTHING  255
#ifndef POSTS
#define POSTS    2      // of each poster
#endif

bool posted[MESSAGES];
byte next[MESSAGES] = NOTHING;
byte first = NOTHING;
byte in_order = NOTHING;

bool asked[MESSAGES];       // what the message is for: written before its post
byte posters = POSTERS;     // that have not ended
bool at_hand[MESSAGES];     // taken out and its link still to be read: nobody else may write that
byte put_in[MESSAGES];      // its number in its list, in the order of insertion
byte puts;
byte last;

inline write_link(message, to)
{
    assert(!at_hand[message]);
    next[message] = to
}

inline insert(message)
{
    seen = first;
#ifdef BUG_link_once
    write_link(message, seen);
#endif
    do
    :: true ->
link_message:
#if defined(BUG_link_once) || defined(BUG_link_late)
        skip;
#else
        atomic { write_link(message, seen) };
#endif
publish_message:
        if
        :: atomic { first == seen -> first = message; puts++; put_in[message] = puts; break }
#ifdef BUG_found_not_handed
        :: first != seen
#else
        :: atomic { first != seen -> seen = first }
#endif
        fi
    od;
#ifdef BUG_link_late
    atomic { write_link(message, seen) }
#endif
}

proctype poster()
{
    byte message;
    byte seen;
    byte left = POSTS;
    do
    :: left > 0 ->
        atomic { left--; select(message : 0 .. MESSAGES - 1); asked[message] = true };
claim_message:
#ifdef BUG_no_claim
        posted[message] = true; insert(message)
#else
        if
        :: atomic { posted[message] -> seen = NOTHING }
        :: atomic { !posted[message] -> posted[message] = true }; insert(message)
        fi
#endif
    :: atomic { left == 0 -> message = NOTHING; seen = NOTHING; posters--; break }
    od
}

proctype receiver()
{
    byte taken = NOTHING;
    byte message = NOTHING;
    byte turns;
end_in_guest:
    do
    :: first != NOTHING || in_order != NOTHING ->
        turns = 0;
        if
#ifdef BUG_taken_over_the_rest
        :: true ->
#else
        :: in_order == NOTHING ->
#endif
take_all:
#ifdef BUG_taken_in_two_steps
            taken = first;
            first = NOTHING;
            puts = 0; last = 0;
#else
            atomic { taken = first; first = NOTHING; puts = 0; last = 0 };
#endif
            in_order = NOTHING;
#ifdef BUG_not_turned_round
            in_order = taken; taken = NOTHING;
#endif
            do
            :: taken != NOTHING ->
turn_round:
                atomic {
                    assert(turns < MESSAGES); turns++;
                    at_hand[taken] = true; message = next[taken]; next[taken] = in_order;
                    in_order = taken; taken = message
                }
            :: else -> break
            od;
            turns = 0
        :: else
        fi;
        do
        :: in_order != NOTHING ->
            message = in_order;
            assert(turns < MESSAGES); turns++;
#ifdef BUG_received_before_allowed
            asked[message] = false;
#endif
#ifdef BUG_allowed_before_next
            posted[message] = false;
#endif
take_next:
            in_order = next[message];
            atomic { at_hand[message] = false; assert(put_in[message] > last); last = put_in[message] };
allow_again:
#if !defined(BUG_allowed_before_next) && !defined(BUG_never_allowed)
            posted[message] = false;
#endif
receive:
#ifndef BUG_received_before_allowed
            asked[message] = false;
#endif
            if
            :: true
            :: true -> break    // discarded
            fi
        :: else -> break
        od;
        atomic { message = NOTHING; turns = 0 }
    od
}

// When nothing can happen any more.
proctype at_the_end()
{
    byte each;
    atomic { timeout ->
        assert(posters == 0 && first == NOTHING && in_order == NOTHING);
        for (each : 0 .. MESSAGES - 1) { assert(!asked[each] && !posted[each]) } }
}

init
{
    byte each;
    atomic {
        for (each : 1 .. POSTERS) { run poster() }
        run receiver();
        run at_the_end();
        each = 0
    }
}

#define nothing_left (posters == 0 && !asked[0] && !asked[1] && !asked[2])
ltl all_received { <> nothing_left }
