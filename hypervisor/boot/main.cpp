#include "arch/boot.hpp"
#include "arch/power.hpp"
#include "arch/processor.hpp"
#include "boot/hypervisor.hpp"
#include "interface/console/log.hpp"
#include "policy/frames/first_touch.hpp"

namespace ovm::boot
{

namespace
{

// The root of everything, set once by core 0 before the other cores start: what core_main begins with.
Hypervisor* the_hypervisor = nullptr;

[[noreturn]] void give_up(std::string_view why)
{
    arch::write_serial("ovm: ");
    arch::write_serial(why);
    arch::write_serial("\r\n");
    arch::stop_machine();
}

Result<> open_memory(memory::Frame_pool& pool)
{
    auto const free = arch::free_memory();
    for (std::uint32_t node = 0; node < arch::max_nodes; ++node)
    {
        Static_vector<Range<Host_physical>, 64> ranges{};
        for (auto const& entry : free)
        {
            if (entry.node.value() == node)
                OVM_TRY(ranges.push_back(entry.range));
        }
        if (!ranges.empty())
            OVM_TRY(pool.open_node(Node_id(node), ranges.items()));
    }
    return {};
}

} // namespace

void ovm_main(const arch::Boot_information& information)
{
    // Constructed here and never destroyed: this function returns, the objects stay.
    alignas(memory::Frame_pool) static constinit std::array<std::uint8_t, sizeof(memory::Frame_pool)> pool_storage{};
    alignas(
        policy::First_touch_allocator) static constinit std::array<std::uint8_t, sizeof(policy::First_touch_allocator)>
        frames_storage{}; // of the heap's own frames: it must not depend on a policy that lives in it
    alignas(memory::Heap) static constinit std::array<std::uint8_t, sizeof(memory::Heap)> heap_storage{};
    auto& pool = *::new (pool_storage.data()) memory::Frame_pool();
    if (!open_memory(pool))
        give_up("the memory map leaves no room for the frame allocator");
    auto& frames = *::new (frames_storage.data()) policy::First_touch_allocator(pool);
    auto& heap = *::new (heap_storage.data()) memory::Heap(frames, Node_id{0});
    auto hypervisor = object::make<Hypervisor>(heap, information, pool, heap);
    if (!hypervisor || !(*hypervisor)->open())
        give_up("not enough memory for OVM itself");
    the_hypervisor = hypervisor->release();
}

void core_main(Core_id id)
{
    auto const core = the_hypervisor->start_core(id);
    if (!core)
        give_up(to_text(core.error()));
    if (id == Core_id{0})
        the_hypervisor->start();
    (*core)->run();
}

} // namespace ovm::boot
