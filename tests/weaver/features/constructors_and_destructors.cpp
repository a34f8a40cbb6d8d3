// expect: > feature::Door::Door ( open 3 ) < feature::Door::Door > feature::Door::Door ( ) < feature::Door::Door >
// feature::Door::~Door ( shut 3 ) < feature::Door::~Door > feature::Door::~Door ( shut 0 ) < feature::Door::~Door
#include <cstdio>
namespace feature
{
class Door
{
public:
    explicit Door(int number) : number_(number)
    {
        if (number == 0)
            return;
        std::printf("open %d\n", number_);
    }
    Door(Door&& from) noexcept;
    ~Door() { std::printf("shut %d\n", number_); }

private:
    int number_;
};
Door::Door(Door&& from) noexcept : number_{from.number_}
{
    from.number_ = 0;
}
} // namespace feature
int main()
{
    feature::Door door(3);
    feature::Door const moved(static_cast<feature::Door&&>(door));
}
