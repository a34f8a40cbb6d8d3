#pragma once

#include <optional>

#include "base/static_vector.hpp"
#include "base/weave.hpp"
#include "interface/command/command.hpp"
#include "interface/command/command_job.hpp"
#include "object/adaptor/swap.hpp"
#include "object/clustered/change.hpp"

namespace ovm::boot
{

class Hypervisor;

/// What all commands of the machine have in common.
class Machine_command : public interface::Command
{
public:
    explicit Machine_command(Hypervisor& machine) : machine_(machine) {}

protected:
    ~Machine_command() = default;
    Hypervisor& machine() { return machine_; }

private:
    Hypervisor& machine_;
};

class Vms_command final : public Machine_command
{
public:
    using Machine_command::Machine_command;
    std::string_view name() const override { return "vms"; }
    std::string_view help() const override { return "the virtual machines, a line each"; }
    Step run(interface::Invocation& invocation) override;
};

class Cores_command final : public Machine_command
{
public:
    using Machine_command::Machine_command;
    std::string_view name() const override { return "cores"; }
    std::string_view help() const override { return "the cores: who lives and runs there"; }
    Step run(interface::Invocation& invocation) override;
};

class Objects_command final : public Machine_command
{
public:
    using Machine_command::Machine_command;
    std::string_view name() const override { return "objects"; }
    std::string_view help() const override
    {
        return "memory, entries of the object table, collected and clustered objects";
    }
    Step run(interface::Invocation& invocation) override;
};

/// Collects what nobody refers to, now, and tells what came of it.
class OVM_TAG("privileged") Gc_command final : public Machine_command
{
public:
    using Machine_command::Machine_command;
    std::string_view name() const override { return "gc"; }
    std::string_view help() const override { return "frees the objects that nobody refers to any more"; }
    Step run(interface::Invocation& invocation) override;
};

class Policies_command final : public Machine_command
{
public:
    using Machine_command::Machine_command;
    std::string_view name() const override { return "policies"; }
    std::string_view usage() const override { return "[RESOURCE]"; }
    std::string_view help() const override
    {
        return "the policy of each resource; of one: all that could take its place, and its last swaps";
    }
    std::size_t most_arguments() const override { return 1; }
    Step run(interface::Invocation& invocation) override;

private:
    Step run_one(interface::Invocation& invocation);
};

/// `swap scheduler fair slice=5ms`, or several with `and` between them: all of them or none.
class OVM_TAG("privileged") Swap_command final : public Machine_command
{
public:
    using Machine_command::Machine_command;
    std::string_view name() const override { return "swap"; }
    std::string_view usage() const override { return "RESOURCE POLICY [KEY=VALUE...] [and RESOURCE POLICY ...]"; }
    std::string_view help() const override { return "replaces policies while the VMs run; several as one transaction"; }
    std::size_t least_arguments() const override { return 2; }
    std::size_t most_arguments() const override { return 15; }
    Step run(interface::Invocation& invocation) override;

private:
    Step answer_next(interface::Invocation& invocation);

    Static_vector<const object::Adaptor*, object::Swap::most> swapped_{}; ///< what is still to be told of, last first
};

/// `move debian1 1 0`: vcpu 1 of debian1 to core 0.
class OVM_TAG("privileged") Move_command final : public Machine_command
{
public:
    using Machine_command::Machine_command;
    std::string_view name() const override { return "move"; }
    std::string_view usage() const override { return "VM VCPU CORE"; }
    std::string_view help() const override { return "moves a vcpu to another core while its VM runs"; }
    std::size_t least_arguments() const override { return 3; }
    std::size_t most_arguments() const override { return 3; }
    Step run(interface::Invocation& invocation) override;

private:
    Step begin(interface::Invocation& invocation);
};

/// A command that changes a clustered object and answers how that went.
class OVM_TAG("privileged") Change_command : public Machine_command
{
public:
    using Machine_command::Machine_command;
    Step run(interface::Invocation& invocation) final;

protected:
    ~Change_command() = default;

private:
    /// Error::invalid: it has answered already, as the words make no sense.
    virtual Result<> begin(interface::Invocation& invocation, object::Changeable& object, object::Change& change) = 0;
    virtual void answer(interface::Invocation& invocation, std::uint64_t microseconds) = 0;
    virtual void answer(interface::Invocation& invocation, Error error) = 0;
    Step begin(interface::Invocation& invocation);

    object::Change change_{};
    Ticks begun_{};
};

/// `kind frame-stocks per-node`.
class OVM_TAG("privileged") Kind_command final : public Change_command
{
public:
    using Change_command::Change_command;
    std::string_view name() const override { return "kind"; }
    std::string_view usage() const override { return "OBJECT KIND"; }
    std::string_view help() const override
    {
        return "makes a clustered object shared, replicated, partitioned or per-node while the VMs run";
    }
    std::size_t least_arguments() const override { return 2; }
    std::size_t most_arguments() const override { return 2; }

private:
    Result<> begin(interface::Invocation& invocation, object::Changeable& object, object::Change& change) override;
    void answer(interface::Invocation& invocation, std::uint64_t microseconds) override;
    void answer(interface::Invocation& invocation, Error error) override;

    object::Kind before_ = object::Kind::shared; ///< that the change began with
};

/// `migrate frame-stocks 1 0`.
class OVM_TAG("privileged") Migrate_command final : public Change_command
{
public:
    using Change_command::Change_command;
    std::string_view name() const override { return "migrate"; }
    std::string_view usage() const override { return "OBJECT CORE CORE"; }
    std::string_view help() const override
    {
        return "gives what a clustered object's representative on one core has to another core's, while the VMs run";
    }
    std::size_t least_arguments() const override { return 3; }
    std::size_t most_arguments() const override { return 3; }

private:
    Result<> begin(interface::Invocation& invocation, object::Changeable& object, object::Change& change) override;
    void answer(interface::Invocation& invocation, std::uint64_t microseconds) override;
    void answer(interface::Invocation& invocation, Error error) override;

    object::Kind kind_ = object::Kind::shared; ///< of the object
};

/// `module load lottery.omod`: a file of the boot archive's `modules/`.
class Module_command final : public Machine_command
{
public:
    using Machine_command::Machine_command;
    std::string_view name() const override { return "module"; }
    std::string_view usage() const override
    {
        return "load FILE | unload NAME | roll-back NAME | info NAME | list | keys FILE";
    }
    std::string_view help() const override { return "brings policies in from modules, and takes them away again"; }
    std::size_t least_arguments() const override { return 1; }
    std::size_t most_arguments() const override { return 2; }
    Step run(interface::Invocation& invocation) override;

private:
    Step list(interface::Invocation& invocation);
    Step info(interface::Invocation& invocation);
    Step change(interface::Invocation& invocation);
};

class Stats_command final : public Machine_command
{
public:
    using Machine_command::Machine_command;
    std::string_view name() const override { return "stats"; }
    std::string_view help() const override { return "exits by kind, of all cores together"; }
    Step run(interface::Invocation& invocation) override;
};

class Faults_command final : public Machine_command
{
public:
    using Machine_command::Machine_command;
    std::string_view name() const override { return "faults"; }
    std::string_view help() const override { return "faults that OVM survived"; }
    Step run(interface::Invocation& invocation) override;
};

class OVM_TAG("privileged") Stop_command final : public Machine_command
{
public:
    using Machine_command::Machine_command;
    std::string_view name() const override { return "stop"; }
    std::string_view help() const override { return "stops every VM and the computer"; }
    Step run(interface::Invocation& invocation) override;
};

/// Nothing when it is no number below `end`.
std::optional<std::uint32_t> index_below(std::string_view word, std::uint32_t end);

/// All of them, and the job that runs them.
/// Concurrency: core 0.
class Commands final : private interface::Answer_sink
{
public:
    explicit Commands(Hypervisor& machine);
    /// One more command, which lives as long as this: for aspects. Error::full.
    Result<> add(interface::Command& command) { return table_.add(command); }
    void enter(std::string_view line, std::string_view who) { job_.enter(line, who); }
    bool idle() const { return job_.idle(); }
    /// Too many wait: one more would be refused.
    bool full() const { return job_.full(); }

private:
    bool ready() override;
    void line(std::string_view text) override;

    Hypervisor& machine_;
    interface::Command_table table_{};
    interface::Help_command help_{table_};
    Vms_command vms_;
    Cores_command cores_;
    Objects_command objects_;
    Gc_command gc_;
    Policies_command policies_;
    Swap_command swap_;
    Move_command move_;
    Kind_command kind_;
    Migrate_command migrate_;
    Module_command module_;
    Stats_command stats_;
    Faults_command faults_;
    Stop_command stop_;
    interface::Command_job job_{table_, *this};
};

} // namespace ovm::boot
