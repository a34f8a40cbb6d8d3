// expect: > feature::counter 1 2 < feature::counter
#include "base/weave.hpp"
#include <coroutine>
#include <cstdio>
namespace feature::quiet
{
struct Generator
{
    struct promise_type
    {
        int value = 0;
        Generator get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(int next)
        {
            value = next;
            return {};
        }
        void return_void() {}
        void unhandled_exception() {}
    };
    std::coroutine_handle<promise_type> handle;
};
} // namespace feature::quiet
namespace feature
{
OVM_TAG("no around") quiet::Generator counter(int from)
{
    co_yield from;
    co_yield from + 1;
}
} // namespace feature
int main()
{
    auto const generator = feature::counter(1);
    for (generator.handle.resume(); !generator.handle.done(); generator.handle.resume())
        std::printf("%d\n", generator.handle.promise().value);
    generator.handle.destroy();
}
