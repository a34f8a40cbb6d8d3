// expect: > feature::Pinned::Pinned ( ) < feature::Pinned::Pinned same
#include <cstdio>
namespace feature
{
struct Pinned
{
    Pinned() : self(this) {}
    Pinned(Pinned const&) = delete;
    Pinned const* self;
};
namespace quiet
{
Pinned make()
{
    return Pinned();
}
} // namespace quiet
} // namespace feature
int main()
{
    feature::Pinned const pinned = feature::quiet::make();
    std::printf("%s\n", pinned.self == &pinned ? "same" : "moved");
}
