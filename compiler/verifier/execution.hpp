#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Operator.h>

#include "layout.hpp"
#include "logic.hpp"
#include "preparation.hpp"
#include "question.hpp"
#include "spans.hpp"
#include "state.hpp"

namespace ovm::compiler::verifier
{

/// Turns one prepared entry into questions: executes all of its paths at once, with terms for values. Loops are cut
/// at their invariants. Throws Refusal.
class Execution
{
public:
    Execution(Logic& logic, const Prepared& prepared);
    void run();

    bool speaks_of_many() const { return !quantified_.empty(); }
    bool speaks_of_every_object() const
    {
        return std::ranges::any_of(quantified_, [](const auto& one) { return one.object != nullptr; });
    }
    const std::vector<Question>& questions() const { return questions_; }
    /// Before facts(): the caller's duty, which is not to be decided.
    void take_as_assumed(const std::set<int>& traps);
    /// Before facts() and behind take_as_assumed(), once: nothing of it changes any more.
    void find_examples();
    /// What is known on every path.
    std::vector<z3::expr> facts(bool has_instances, bool is_of_any);
    bool is_of_any(const Question& question) const;
    const std::vector<Sighting>& sightings() const { return sightings_; }

private:
    struct Object
    {
        z3::expr address;
        llvm::StructType* type;
        z3::expr path; ///< on which it is accessed
    };
    struct Outcome
    {
        std::vector<Edge> exits{};
        std::vector<Edge> back{};
        std::vector<Edge> stopped{};
    };
    struct Snapshot
    {
        std::size_t questions;
        std::size_t facts;
        std::size_t sightings;
        std::size_t quantified;
        std::size_t derived;
        std::size_t terms;
        std::size_t exchanges;
        std::size_t objects;
    };
    /// What a loop writes.
    struct Writes
    {
        struct Of_key
        {
            bool all = false;
            std::vector<z3::expr> addresses{};
            bool undefined = false;
        };
        std::map<std::string, Of_key> keys{};
        std::set<const Region*> lives{};
        std::set<std::string> spilled{};
        bool forgets = false; ///< a call by contract is among it
    };
    /// A compare-exchange that does not fail for no reason.
    struct Exchange
    {
        z3::expr path;
        z3::expr address;
        z3::expr expected;
        z3::expr old;
        z3::expr failed;
    };
    enum class Stage
    {
        prove, ///< a marker's expression is proved
        assume ///< it is what is known of any turn
    };

    // Control flow (execution.cpp, loops.cpp).
    void run_level(const llvm::Loop* level, std::vector<Edge> entering, const llvm::BasicBlock* stop, Outcome& out);
    void route(const llvm::Loop* level, Edge edge, std::map<const llvm::BasicBlock*, std::vector<Edge>>& waiting,
               Outcome& out);
    z3::expr meeting_of(const State& way, State& into);
    State merge(const std::vector<Edge>& edges);
    Value merge_values(const std::vector<Edge>& edges, std::size_t phi);
    void take_phis(const llvm::BasicBlock& block, const std::vector<Edge>& edges);
    std::vector<Edge> execute(llvm::BasicBlock& block, State& state);
    Edge edge(llvm::BasicBlock& from, llvm::BasicBlock& to, const State& state, const z3::expr& condition);
    std::vector<Edge> loop(llvm::Loop& loop, std::vector<Edge> entering);
    bool unrolled(llvm::Loop& loop, const std::vector<Edge>& entering, std::vector<Edge>& exits);
    llvm::BasicBlock* cut_of(const llvm::Loop& loop) const;
    void forget(State& state, const Writes& writes);
    std::optional<z3::expr> end_of(const llvm::PHINode& phi, const Row& row);
    bool ends_late(const llvm::PHINode& phi) const;
    Value any_turn(llvm::PHINode& phi, const Value& start, bool undefined, const z3::expr& path);
    void enter_row(Target& target, const z3::expr& address, const llvm::PHINode& phi) const;
    void check_turn(llvm::Loop& loop, const std::vector<Value>& any, const std::vector<Edge>& back,
                    std::set<unsigned>& undefined);
    void ask_end(llvm::Loop& loop, const std::vector<Value>& any, const State& begin, const Writes& writes,
                 const std::vector<Edge>& back, std::size_t first_exchange, unsigned mark);
    static bool add(Writes& to, const Writes& more);
    Snapshot snapshot() const;
    void roll_back(const Snapshot& to);

    // Instructions (instructions.cpp, intrinsics.cpp).
    void execute(llvm::Instruction& instruction, State& state);
    void call(llvm::CallBase& call, State& state);
    bool intrinsic(llvm::IntrinsicInst& call, State& state);
    void overflow(llvm::IntrinsicInst& call);
    bool marker_call(llvm::CallBase& call, State& state);
    Value binary(llvm::BinaryOperator& operation, State& state);
    Value compare(llvm::ICmpInst& comparison);
    Value cast(llvm::CastInst& cast);
    Value select(llvm::SelectInst& select, State& state);
    void record_names(llvm::Instruction& instruction, const State& state);

    // Values.
    Value value(llvm::Value* operand);
    Scalar scalar(llvm::Value* operand);
    z3::expr defined(llvm::Value* operand, State& state, const char* use);
    z3::expr as_truth(const Scalar& scalar) { return logic_.from_bit(scalar.bits); }
    Value constant(llvm::Constant* constant);
    Scalar plain(const z3::expr& bits) { return {bits, std::nullopt, nullptr}; }
    unsigned bits_of(llvm::Type* type, const llvm::Instruction* at = nullptr);
    std::optional<z3::expr> smeared(const Scalar& a, const Scalar* b, unsigned bits);
    Scalar outside(const z3::expr& address, const z3::expr& path, Spot spot);
    Scalar outside_span(const z3::expr& address, const z3::expr& count, const llvm::DIType* element,
                        const z3::expr& path);
    Scalar choose(const z3::expr& condition, const Scalar& then, const Scalar& otherwise);

    // Memory (accesses.cpp, copies.cpp).
    std::optional<std::uint64_t> coerced_offset(const llvm::GEPOperator& gep) const;
    Scalar step(llvm::GEPOperator& gep, State* state);
    void step_index(Target& target, const z3::expr& index, State* state, const llvm::Instruction* at);
    Spot hint(llvm::Value* pointer) const;
    Spot declared(const llvm::DIType* pointer) const;
    llvm::StructType* structure_of(const std::string& mangled) const;
    std::optional<Span_type> span_at(const llvm::LoadInst& load, const Targets& from) const;
    void enter_span(Scalar& pointer, const llvm::LoadInst& load, const Targets& from, State& state);
    void check_range(const Scalar& pointer, const z3::expr& bytes, const llvm::Instruction& at, State& state);
    bool library_call(llvm::CallBase& call, State& state);
    Scalar array_at(llvm::Value* operand);
    void copy_range(llvm::MemTransferInst& copy, State& state);
    Spot tagged(const llvm::Instruction& access) const;
    const llvm::DIDerivedType* member_of(const llvm::Instruction& access, const Targets& targets) const;
    static std::string class_name(llvm::StringRef mangled);
    void load(llvm::LoadInst& load, State& state);
    void store(llvm::StoreInst& store, State& state);
    Scalar read_bits(const Target& target, const z3::expr& address, std::uint64_t size, const llvm::Instruction& at,
                     State& state);
    void write_bits(const Target& target, const z3::expr& address, const Scalar& what, bool pointer,
                    const llvm::Instruction& at, State& state);
    static bool is_never_indexed(const llvm::Value& place);
    bool may_keep(const Target& target, const std::string& key, const z3::expr& pointer, const llvm::Instruction& at,
                  State& state);
    Scalar load_from(const Target& target, const z3::expr& address, llvm::Type* type, const llvm::Instruction& at,
                     State& state);
    Scalar load_anywhere(const Target& target, const z3::expr& offset, llvm::Type* type, const llvm::Instruction& at,
                         State& state);
    Scalar load_constant(const Target& target, const z3::expr& address, llvm::Type* type, const llvm::Instruction& at,
                         State& state);
    void check_access(const Scalar& pointer, std::uint64_t size, const llvm::Instruction& at, State& state);
    std::vector<Cell> cells_at(const Target& target, const z3::expr& address, std::uint64_t size,
                               const llvm::Instruction& at);
    void note_use(const Target& target, const z3::expr& address, const Cell& cell, const llvm::Instruction& at);
    Cells& cells(State& state, const Target& target, const Cell& cell);
    void write(State& state, const Target& target, const Cell& cell, const z3::expr& address, const z3::expr& bits,
               const std::optional<z3::expr>& undefined);
    void write_many(State& state, const Target& target, const Cell& cell, const z3::expr& address,
                    const z3::expr& bits);
    void copy_many(State& state, const Target& to, const Cell& cell, const z3::expr& address, const Target& from,
                   const Cell& from_cell, const z3::expr& source);
    void copy(llvm::MemTransferInst& copy, State& state);
    void copy_from_bytes(llvm::MemTransferInst& copy, const Target& to, const std::vector<Cell>& into, State& state);
    void copy_between_several(llvm::MemTransferInst& copy, const Scalar& from, const Scalar& to, std::uint64_t size,
                              State& state);
    Target part_of(const Target& target, std::uint64_t offset) const;
    void set(llvm::MemSetInst& set, State& state);
    void fill(llvm::MemTransferInst& copy, State& state, bool given);
    Region& region_of(const llvm::Value& place, const std::string& name, std::uint64_t size);
    static std::string full_key(const Target& target, const Cell& cell);
    const Target& only_target(const Scalar& pointer, const llvm::Instruction& at) const;
    void note_write(const std::string& key, const z3::expr* address, bool undefined);
    Cells begin_of(const State& state, const std::string& key);
    Cells first_of(const State& state, const std::string& key);
    void spill(State& state, const std::string& key);
    void note_object(const Target& target, const z3::expr& path);
    bool may_meet(llvm::StructType* a, llvm::StructType* b, bool alike) const;
    void objects_apart(const std::vector<Object>& objects, std::vector<z3::expr>& facts);
    void note_array(const Target& target, const z3::expr& address, const Cell& cell);
    z3::expr index_of(const std::string& key, const z3::expr& address);
    void note_read(const std::string& key, const z3::expr& address);

    // Memory that other cores write, too (atomics.cpp).
    void fence(llvm::FenceInst& barrier, State& state);
    void others_write(const llvm::Instruction& at, State& state);
    void take_over(llvm::AtomicOrdering order, const llvm::Instruction& at, State& state);
    void hand_over(llvm::AtomicOrdering order, const llvm::Instruction& at, State& state);
    Scalar find(llvm::Value* place, llvm::Type* type, llvm::Instruction& at, State& state);
    bool may_lead(const Scalar& what);
    void leave(llvm::Value* place, const z3::expr& condition, Scalar what, llvm::Instruction& at, State& state);
    void atomic_load(llvm::LoadInst& load, State& state);
    void read_modify_write(llvm::AtomicRMWInst& operation, State& state);
    void compare_exchange(llvm::AtomicCmpXchgInst& exchange, State& state);
    void add_progress_of_others(std::vector<z3::expr>& claims, const std::vector<Value>& any,
                                const std::vector<Edge>& back, std::size_t first_exchange, unsigned mark);

    // Contracts beside functions (effects.cpp).
    void allow(llvm::CallBase& call, State& state);
    void allow_every(llvm::CallBase& call);
    std::vector<Cell> members_at(const Target& target, const z3::expr& bytes, const llvm::Instruction& at) const;
    bool may_change_every(const Target& target, const z3::expr& bytes, const llvm::Instruction& at) const;
    void check_effect(const Scalar& pointer, const z3::expr& bytes, const llvm::Instruction& at, State& state);
    z3::expr is_allowed(const z3::expr& address, const z3::expr& bytes);
    bool forget_members(const Scalar& pointer, const z3::expr& size, llvm::CallBase& call, State& state);
    void forget_every(llvm::CallBase& call, State& state);
    void forget_range(llvm::CallBase& call, State& state);
    void forget_given(llvm::CallBase& call, State& state);
    void forget_memory(const z3::expr& low, const z3::expr& size, State& state);
    void forget_local(Region& region, State& state);
    z3::expr forgotten(std::size_t range, const std::string& key, const z3::expr& before);
    bool is_given_a_local(const llvm::Instruction& at);
    Value any_result(llvm::Type* type, const llvm::Instruction& at, const State& state);

    // Questions.
    z3::expr is_object(const z3::expr& address);
    std::vector<std::pair<z3::expr, z3::expr>> instances_of(const Quantified& quantified,
                                                            const std::vector<Object>& objects);
    z3::expr truth_of(Quantified said, std::vector<z3::expr> meetings);
    void tell_by_ways(const Quantified& said, std::vector<z3::expr> meetings);
    void fact(const z3::expr& term);
    void ask(const std::string& kind, const llvm::Instruction& at, const z3::expr& claim, State& state,
             const std::string& text = {});
    void ask_trap(llvm::CallBase& trap, State& state);
    [[noreturn]] void refuse(const std::string& what, const llvm::Instruction* at) const { throw Refusal{what, at}; }

    Logic& logic_;
    const Prepared& prepared_;
    llvm::Function& function_;
    Layout layout_;
    llvm::DominatorTree dominators_;
    llvm::LoopInfo loops_;
    std::vector<llvm::BasicBlock*> order_{};

    std::map<std::string, const llvm::DICompositeType*> classes_{}; ///< by their mangled names
    std::map<std::string, const llvm::DICompositeType*> named_classes_{};

    std::map<const llvm::Value*, Value> values_{};
    std::map<const llvm::Value*, std::unique_ptr<Region>> regions_{};
    std::map<std::string, unsigned> widths_{};
    std::map<std::string, std::uint64_t> offsets_{}; ///< of cells in their objects, as first met
    std::map<std::string, std::vector<z3::expr>> reads_{};
    std::map<std::string, z3::expr> initial_{};
    std::vector<Object> objects_{};                                                   ///< outside
    std::map<std::string, std::vector<std::pair<z3::expr, std::uint64_t>>> arrays_{}; ///< outside: where, and bytes
    std::vector<Writes*> recording_{};
    Stage stage_ = Stage::prove;
    unsigned silent_ = 0;
    std::vector<z3::expr> variants_{}; ///< of the turn that any turn stands for
    std::size_t next_variant_ = 0;
    std::set<std::string> keeps_own_{}; ///< members of locals that hold addresses of locals
    std::set<std::string> trusted_{};   ///< members of which it was taken for granted that they do not
    std::set<std::string> tables_{};    ///< members that hold addresses of the module's constants

    bool releases_by_fence_ = false; ///< a store hands over then, whatever its own order
    bool bounded_ = false;           ///< only what is allowed may be changed:
    std::vector<std::pair<z3::expr, z3::expr>> allowed_{};
    std::set<std::string> allowed_of_every_{};                      ///< cells
    std::vector<std::pair<z3::expr, z3::expr>> forgotten_ranges_{}; ///< address and size
    /// Arrays after a range was forgotten, by range and array before: places in derived_.
    std::map<std::pair<std::size_t, unsigned>, std::size_t> forgotten_{};

    std::vector<Question> questions_{};
    std::vector<z3::expr> facts_{};
    std::vector<Sighting> sightings_{};
    std::vector<Quantified> quantified_{};
    std::vector<Derived> derived_{};
    std::vector<Exchange> exchanges_{};
    std::vector<z3::expr> terms_{}; ///< indices that occur
    struct Opened
    {
        std::size_t facts;
        unsigned constants;
        z3::expr path;
    };
    std::map<unsigned, Opened> open_quantified_{}; ///< how things were before what is said of this index or object
};

} // namespace ovm::compiler::verifier
