#include "preprocess.hpp"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"

#include <optional>
#include <vector>

namespace ovm::compiler
{

bool preprocess(const Weaving_request& request, std::string& text, Weaving& weaving)
{
    const auto fail = [&](std::string what, std::string why, std::string mend)
    {
        weaving.problems.push_back(
            {.file = request.source, .what = std::move(what), .why = std::move(why), .mend = std::move(mend)});
        return false;
    };
    const auto program = llvm::sys::findProgramByName(request.command.empty() ? "" : request.command.front());
    if (!program)
    {
        return fail("there is no compiler to preprocess with", program.getError().message(),
                    "give the compiler and its flags behind `--`");
    }
    llvm::SmallString<128> output;
    if (const auto failure = llvm::sys::fs::createTemporaryFile("ovm-weave", "ii", output))
    {
        return fail("cannot make a temporary file", failure.message(), "make room for it");
    }
    const auto remove = llvm::make_scope_exit([&] { (void)llvm::sys::fs::remove(output); });
    std::vector<llvm::StringRef> arguments(request.command.begin(), request.command.end());
    for (const std::string& aspect : request.aspects)
    {
        arguments.insert(arguments.end(), {"-include", aspect});
    }
    arguments.insert(arguments.end(), {"-E", "-o", output, request.source});
    // Its messages go where ours go: they are good as they are.
    std::string failure;
    const int result = llvm::sys::ExecuteAndWait(*program, arguments, std::nullopt, {}, 0, 0, &failure);
    if (result != 0)
    {
        return fail("the preprocessor failed", failure.empty() ? "it says so above" : failure, "mend it first");
    }
    auto buffer = llvm::MemoryBuffer::getFile(output);
    if (!buffer)
    {
        return fail("cannot read what the preprocessor wrote", buffer.getError().message(), "try again");
    }
    text = (*buffer)->getBuffer().str();
    return true;
}

} // namespace ovm::compiler
