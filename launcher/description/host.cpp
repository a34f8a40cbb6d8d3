#include "launcher/description/host.hpp"

#include <algorithm>
#include <fcntl.h>
#include <fstream>
#include <sched.h>
#include <sstream>
#include <unistd.h>

namespace ovm::launcher
{

namespace
{

unsigned usable_cores()
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    return static_cast<unsigned>(std::max(CPU_COUNT(&set), 1));
}

bool opens(const char* device)
{
    int const file = open(device, O_RDWR | O_CLOEXEC);
    if (file < 0)
        return false;
    close(file);
    return true;
}

bool processor_flag(const std::string& flag)
{
    std::ifstream stream("/proc/cpuinfo");
    for (std::string line; std::getline(stream, line);)
    {
        if (!line.starts_with("flags"))
            continue;
        std::istringstream words(line);
        for (std::string word; words >> word;)
            if (word == flag)
                return true;
        return false;
    }
    return false;
}

} // namespace

Host Host::look()
{
    Host host;
    host.cores = usable_cores();
    auto const pages = sysconf(_SC_PHYS_PAGES);
    auto const size = sysconf(_SC_PAGESIZE);
    if (pages > 0 && size > 0)
        host.memory = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size);
    host.kvm_usable = opens("/dev/kvm");
    host.has_svm = processor_flag("svm");
    std::ifstream nested("/sys/module/kvm_amd/parameters/nested");
    char value = '0';
    nested >> value;
    host.nested_svm = value == 'Y' || value == '1';
    return host;
}

std::string why_no_kvm(const Host& host)
{
    if (!host.kvm_usable)
        return "/dev/kvm cannot be opened";
    if (!host.has_svm)
        return "this computer's processor shows no SVM";
    if (!host.nested_svm)
        return "kvm_amd offers no nested SVM (/sys/module/kvm_amd/parameters/nested)";
    return "";
}

} // namespace ovm::launcher
