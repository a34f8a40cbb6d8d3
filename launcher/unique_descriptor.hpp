#pragma once

#include <unistd.h>
#include <utility>

namespace ovm::launcher
{

/// Owns one file descriptor.
class Unique_descriptor
{
public:
    Unique_descriptor() = default;
    explicit Unique_descriptor(int descriptor) : descriptor_(descriptor) {}
    Unique_descriptor(Unique_descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    Unique_descriptor& operator=(Unique_descriptor&& other) noexcept
    {
        if (this != &other)
        {
            reset();
            descriptor_ = std::exchange(other.descriptor_, -1);
        }
        return *this;
    }
    ~Unique_descriptor() { reset(); }

    int get() const { return descriptor_; }
    bool open() const { return descriptor_ >= 0; }
    void reset()
    {
        if (descriptor_ >= 0)
            close(std::exchange(descriptor_, -1));
    }

private:
    int descriptor_ = -1;
};

} // namespace ovm::launcher
