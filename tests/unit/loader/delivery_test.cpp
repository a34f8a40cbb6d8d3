#include <random>

#include "base/bytes.hpp"
#include "loader/delivery.hpp"
#include "loader/key_list_builder.hpp"
#include "loader/loader_fixture.hpp"

namespace ovm::test
{
namespace
{

using loader::Delivery;
using loader::Delivery_sender;

/// A clock that the test turns, and the delivery's one timer.
class Silence_timer final : public processor::Timer_service
{
public:
    Ticks now() const override { return now_; }
    void arm(processor::Timer& timer, Ticks deadline) override
    {
        timer_ = &timer;
        deadline_ = deadline;
    }
    void cancel(processor::Timer&) override { timer_ = nullptr; }
    void retire(processor::Timer&) override { timer_ = nullptr; }
    void pass(Nanoseconds time)
    {
        now_ = now_ + arch::to_ticks(time);
        if (timer_ != nullptr && deadline_ <= now_)
            std::exchange(timer_, nullptr)->fired(now_);
    }
    bool armed() const { return timer_ != nullptr; }

private:
    processor::Timer* timer_ = nullptr;
    Ticks now_{1000};
    Ticks deadline_{};
};

class Delivery_test : public Loader_fixture, protected Delivery_sender
{
protected:
    struct Answer
    {
        State state{};
        std::uint32_t file = 0;
        std::uint32_t received = 0;
        std::string line{};
    };

    void answer(State state, std::uint32_t file, std::uint32_t received, std::string_view line) override
    {
        answers_.push_back({state, file, received, std::string(line)});
    }
    void ended(std::string_view) override { ++ended_; }

    /// Sends a request; the last answer to it, or a silent one.
    Answer ask(Delivery::Request request, std::uint32_t file, std::uint32_t number, std::span<const std::uint8_t> rest)
    {
        Code content(8 + rest.size());
        put_little_endian(content, 0, 4, file);
        put_little_endian(content, 4, 4, number);
        std::ranges::copy(rest, content.begin() + 8);
        answers_.clear();
        delivery_.receive(request, content);
        cross_all(3);
        return answers_.empty() ? Answer{.line = "nothing"} : answers_.back();
    }
    Answer announce(std::uint32_t size, std::string_view name = "a.omod", std::uint32_t file = 7)
    {
        return ask(Delivery::Request::file, file, size, bytes_of(name));
    }
    Answer send(std::uint32_t at, std::span<const std::uint8_t> bytes, std::uint32_t file = 7)
    {
        return ask(Delivery::Request::data, file, at, bytes);
    }
    /// All of a file, and what came of it.
    Answer deliver(std::span<const std::uint8_t> file, std::string_view name = "a.omod")
    {
        auto answer = announce(static_cast<std::uint32_t>(file.size()), name);
        while (answer.state == State::go_on && answer.line.empty())
        {
            auto const rest = file.subspan(answer.received);
            answer = send(answer.received, rest.first(std::min<std::size_t>(rest.size(), 200)));
        }
        for (int round = 0; round < 10'000 && !delivery_.idle(); ++round)
            cross_all(1);
        EXPECT_TRUE(delivery_.idle());
        return answers_.back();
    }
    Code signed_module()
    {
        auto file = Halt_module().build();
        sign(file);
        return file;
    }

    std::vector<Answer> answers_{};
    unsigned ended_ = 0;
    Silence_timer timer_{};
    Delivery delivery_{loader_, *this, frames_, timer_, Core_id(0)};
};

TEST_F(Delivery_test, BringsAModuleIn)
{
    auto const answer = deliver(signed_module());
    EXPECT_EQ(answer.state, State::done);
    EXPECT_EQ(answer.line, "module constant 1 loaded");
    EXPECT_EQ(loaded(), 1u);
    EXPECT_EQ(ended_, 1u);
    EXPECT_FALSE(timer_.armed());
    EXPECT_EQ(ask(Delivery::Request::state, 7, 0, {}).line, "module constant 1 loaded") << "the answer may be lost";
    EXPECT_EQ(ended_, 1u);
}

TEST_F(Delivery_test, TellsWhatTheLoaderRefuses)
{
    auto file = signed_module();
    file.back() ^= 1;
    auto const answer = deliver(file, "bad.omod");
    EXPECT_EQ(answer.state, State::refused);
    EXPECT_EQ(answer.line, "module bad.omod refused: its signature is wrong");
    EXPECT_EQ(loaded(), 0u);
}

TEST_F(Delivery_test, TakesAListOfKeys)
{
    auto const answer = deliver(Key_list_builder(1).add(key_of(9)).build(), "site.okeys");
    EXPECT_EQ(answer.state, State::done) << answer.line;
    EXPECT_EQ(loader_.keys().trusted(), 2u);
}

TEST_F(Delivery_test, GivesTheMemoryBackHoweverItEnds)
{
    auto const file = signed_module();
    deliver(file); // the heaps have their pages from now on
    unload("constant");
    auto const free = free_pages();
    deliver(file);
    unload("constant");
    EXPECT_EQ(free_pages(), free);
    announce(200'000);
    EXPECT_EQ(free_pages(), free - Pages(64));
    announce(5000);
    EXPECT_EQ(free_pages(), free - Pages(2)) << "the new file displaces the old one";
    timer_.pass(Delivery::most_silence + Nanoseconds{1});
    cross_all(3);
    EXPECT_EQ(free_pages(), free);
    EXPECT_TRUE(delivery_.idle());
}

TEST_F(Delivery_test, KeepsOnlyWhatComes)
{
    EXPECT_EQ(announce(1000).state, State::go_on);
    send(0, Code(100));
    timer_.pass(Nanoseconds{6'000'000'000});
    EXPECT_EQ(send(0, Code(100)).received, 100u) << "what came before is no news";
    timer_.pass(Nanoseconds{6'000'000'000});
    cross_all(3);
    ASSERT_EQ(answers_.back().state, State::refused);
    EXPECT_EQ(answers_.back().line, "a.omod refused: nothing came of it for 10 s, after 100 of 1000 bytes");
    EXPECT_EQ(send(100, Code(100)).state, State::refused);
}

TEST_F(Delivery_test, TakesEachPieceOnceAndInOrder)
{
    EXPECT_EQ(announce(300).state, State::go_on);
    EXPECT_EQ(send(100, Code(100)).received, 0u) << "the first is missing";
    EXPECT_EQ(send(0, Code(100)).received, 100u);
    EXPECT_EQ(send(0, Code(100)).received, 100u);
    EXPECT_EQ(send(~std::uint32_t{0}, Code(100)).received, 100u);
    EXPECT_EQ(send(50, Code(100)).received, 100u);
    EXPECT_EQ(announce(300).received, 0u) << "from the beginning";
}

TEST_F(Delivery_test, DropsWhatIsMoreThanAnnounced)
{
    announce(100);
    auto const answer = send(0, Code(101));
    EXPECT_EQ(answer.state, State::refused);
    EXPECT_EQ(answer.line, "a.omod refused: more came of it than was announced");
    EXPECT_TRUE(delivery_.idle());
}

TEST_F(Delivery_test, RefusesSizesAndNames)
{
    auto const free = free_pages();
    EXPECT_EQ(announce(0).line, "a.omod refused: it is too short to be signed");
    EXPECT_EQ(announce(95).line, "a.omod refused: it is too short to be signed");
    EXPECT_EQ(announce(loader::format::most_bytes + 1).line, "a.omod refused: it is larger than a module may be");
    EXPECT_EQ(announce(~std::uint32_t{0}).line, "a.omod refused: it is larger than a module may be");
    for (auto const* const name : {"", "a b", "a\nb", "\x1b[2J", "\xff"})
        EXPECT_EQ(announce(1000, name).line, "a file refused: its name is no file's");
    EXPECT_EQ(announce(1000, std::string(64, 'a')).line, "a file refused: its name is no file's");
    EXPECT_EQ(free_pages(), free);
    EXPECT_EQ(announce(96, std::string(63, 'a')).state, State::go_on);
}

TEST_F(Delivery_test, TellsSendersApart)
{
    announce(1000, "a.omod", 1);
    announce(1000, "b.omod", 2);
    EXPECT_EQ(send(0, Code(100), 1).line, "this file was not announced, or another one since");
    EXPECT_EQ(send(0, Code(100), 2).received, 100u);
    auto const file = signed_module();
    announce(static_cast<std::uint32_t>(file.size()), "c.omod", 3);
    for (std::size_t at = 0; at < file.size(); at += 200)
        send(static_cast<std::uint32_t>(at), std::span(file).subspan(at, std::min<std::size_t>(200, file.size() - at)),
             3);
    EXPECT_EQ(announce(1000, "d.omod", 4).line, "another file is being brought in; try again");
    EXPECT_EQ(announce(1000, "c.omod", 3).state, State::received);
    while (!delivery_.idle())
        cross_all(1);
    EXPECT_EQ(loaded(), 1u);
}

TEST_F(Delivery_test, WaitsForALoaderThatIsBusy)
{
    auto const file = signed_module();
    Code const other(200);
    auto const number = loader_.load("b.omod", other);
    auto const answer = deliver(file);
    EXPECT_EQ(answer.state, State::done) << answer.line;
    ASSERT_NE(loader_.outcome(number), nullptr);
    EXPECT_EQ(loader_.outcome(number)->said.view(),
              "module b.omod refused: it is signed with a key that this machine does not trust")
        << "each one learns of its own";
}

TEST_F(Delivery_test, SurvivesAnythingThatIsSent)
{
    std::minstd_rand random(4);
    deliver(signed_module());
    auto const before = free_pages();
    for (int turn = 0; turn < 20'000; ++turn)
    {
        Code content(random() % (Delivery::most_request + 1));
        for (auto& byte : content)
            byte = static_cast<std::uint8_t>(random() % 8 == 0 ? random() : 0);
        delivery_.receive(static_cast<Delivery::Request>(random() % 3), content);
        cross_all(random() % 3);
        if (random() % 50 == 0)
            timer_.pass(Nanoseconds{11'000'000'000});
    }
    while (!delivery_.idle())
    {
        timer_.pass(Nanoseconds{11'000'000'000});
        cross_all(1);
    }
    EXPECT_EQ(free_pages(), before);
    EXPECT_EQ(loaded(), 1u);
}

} // namespace
} // namespace ovm::test
