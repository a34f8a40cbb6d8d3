#include "tools.hpp"

namespace ovm::compiler
{

const std::vector<Family>& families()
{
    static const std::vector<Family> all{{1, "scheduler", "processor/scheduler.hpp"},
                                         {2, "halt", "processor/halt.hpp"},
                                         {3, "population", "memory/population.hpp"},
                                         {4, "placement", "processor/placement.hpp"},
                                         {5, "frames", "memory/frame_policy.hpp"}};
    return all;
}

std::vector<std::string> language_flags(const Tools& tools)
{
    return {"-std=c++23",
            "-ffreestanding",
            "-nostdinc++",
            "-isystem",
            "/usr/lib/llvm-19/include/c++/v1",
            "-fno-exceptions",
            "-fno-rtti",
            "-D_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_FAST",
            "-I",
            tools.headers().string(),
            "-I",
            tools.generated.string(),
            "-I",
            tools.kit().parent_path().string()};
}

std::vector<std::string> compile_flags(const Tools& tools)
{
    auto flags = language_flags(tools);
    // docs/decisions/0030: position-independent code that nothing but imports branches out of. The checks: every one is
    // a trap, which the verifier proves away or which stays.
    for (auto const* const flag :
         {"-fPIC",
          "-fvisibility=hidden",
          "-fvisibility-inlines-hidden",
          "-fno-jump-tables",
          "-mno-red-zone",
          "-mno-sse",
          "-mno-mmx",
          "-mno-implicit-float",
          "-fno-threadsafe-statics",
          "-fno-asynchronous-unwind-tables",
          "-fno-stack-protector",
          "-fno-omit-frame-pointer",
          "-ffunction-sections",
          "-fdata-sections",
          "-g",
          "-fno-ident",
          "-fsanitize=undefined,unsigned-integer-overflow,unsigned-shift-base,implicit-conversion",
          "-fno-sanitize=alignment,pointer-overflow,object-size,vptr,function",
          "-fsanitize-trap=all",
          "-Wall",
          "-Wextra",
          "-Werror",
          "-Wshadow",
          "-Wdangling",
          "-Wthread-safety",
          "-Wconversion",
          "-Wno-sign-conversion",
          "-Wno-gnu-statement-expression-from-macro-expansion"})
        flags.emplace_back(flag);
    return flags;
}

Done<std::string> tool_versions(const Tools& tools)
{
    std::string text;
    for (auto const& tool : {tools.compiler, tools.link_bitcode, tools.linker})
    {
        OVM_GET(answer, run({tool, "--version"}, "."));
        std::string_view rest = answer.output;
        // llvm-link begins with the name of its project.
        for (std::string_view line; !rest.empty();)
        {
            line = rest.substr(0, rest.find('\n'));
            rest.remove_prefix(std::min(rest.size(), line.size() + 1));
            while (line.starts_with(' '))
                line.remove_prefix(1);
            if (line.find("version") == std::string_view::npos && !line.starts_with("Debian LLD"))
                continue;
            text += tool + ": " + std::string(line) + "\n";
            break;
        }
    }
    return text;
}

} // namespace ovm::compiler
