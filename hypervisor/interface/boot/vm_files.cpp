#include "interface/boot/vm_files.hpp"

namespace ovm::interface
{

std::expected<Vm_files, Load_error> find_files(const Archive& archive, const Vm_configuration& configuration)
{
    Vm_files files{};
    auto const kernel = archive.find(configuration.kernel);
    if (!kernel)
        return std::unexpected(Load_error{"the boot archive has no such kernel, or it is damaged: make it again"});
    files.kernel = kernel->content;
    if (!configuration.initrd.empty())
    {
        auto const initrd = archive.find(configuration.initrd);
        if (!initrd)
            return std::unexpected(Load_error{"the boot archive has no such initrd, or it is damaged: make it again"});
        files.initrd = initrd->content;
    }
    for (std::size_t i = 0; i < configuration.modules.size(); ++i)
    {
        auto const module = archive.find(configuration.modules[i].file);
        if (!module)
            return std::unexpected(Load_error{"the boot archive lacks a module, or it is damaged: make it again"});
        files.modules[i] = module->content;
    }
    return files;
}

} // namespace ovm::interface
