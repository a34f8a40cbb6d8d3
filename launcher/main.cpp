#include <exception>
#include <iostream>

#include "launcher/run.hpp"
#include "launcher/session/verdict.hpp"

namespace
{

int complain(const ovm::launcher::Failure& failure)
{
    std::cerr << "ovm: " << failure.line() << '\n';
    return ovm::launcher::status_bad_input;
}

} // namespace

int main(int count, char** words)
{
    using namespace ovm::launcher;
    try
    {
        auto const parsed = parse_options(count, words);
        if (!parsed)
            return complain(parsed.error());
        if (auto const* help = std::get_if<Help>(&*parsed))
        {
            std::cout << help->text;
            return 0;
        }
        auto const status = run(std::get<Options>(*parsed));
        return status ? *status : complain(status.error());
    }
    catch (const std::exception& error)
    {
        return complain(
            {"", error.what(), "this is a defect of the launcher, or the host ran out of memory or disk space"});
    }
}
