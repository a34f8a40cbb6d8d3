#include <algorithm>
#include <optional>
#include <vector>

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/Local.h>

#include "preparation.hpp"

/// Loops by which the compiler constructs the elements of an array, where each element's members get the same byte: one
/// memset says exactly what they do, and needs no invariant.
namespace ovm::compiler::verifier
{

namespace
{

/// One such loop: it stores into the element at hand, goes on to the next one, and ends at a constant one.
struct Filling
{
    llvm::BasicBlock* before = nullptr;
    std::vector<llvm::BasicBlock*> body{};
    llvm::BasicBlock* after = nullptr;
    llvm::Value* first = nullptr;
    llvm::Value* byte = nullptr;
    std::uint64_t bytes = 0; ///< of all elements
    llvm::DebugLoc at{};
};

class Recognition
{
public:
    Recognition(const llvm::Loop& loop, const llvm::DataLayout& data) : loop_(loop), data_(data) {}

    std::optional<Filling> run()
    {
        found_.before = loop_.getLoopPreheader();
        found_.body.assign(loop_.block_begin(), loop_.block_end());
        if (found_.before == nullptr || loop_.getLoopLatch() == nullptr || !steps_over_elements() || !only_fills())
            return std::nullopt;
        return found_;
    }

private:
    /// One pointer goes from the first element to the end, which is so many elements further.
    bool steps_over_elements()
    {
        auto* const latch = loop_.getLoopLatch();
        auto const phis = loop_.getHeader()->phis();
        if (std::distance(phis.begin(), phis.end()) != 1)
            return false;
        element_ = &*phis.begin();
        found_.first = element_->getIncomingValueForBlock(found_.before);
        next_ = llvm::dyn_cast<llvm::GEPOperator>(element_->getIncomingValueForBlock(latch));
        auto* const branch = llvm::dyn_cast<llvm::BranchInst>(latch->getTerminator());
        if (next_ == nullptr || next_->getPointerOperand() != element_ || branch == nullptr || !branch->isConditional())
            return false;
        bool const ends_first = !loop_.contains(branch->getSuccessor(0));
        found_.after = branch->getSuccessor(ends_first ? 0 : 1);
        test_ = llvm::dyn_cast<llvm::ICmpInst>(branch->getCondition());
        if (loop_.contains(found_.after) || !found_.after->phis().empty() || test_ == nullptr ||
            test_->getOperand(0) != next_ ||
            test_->getPredicate() != (ends_first ? llvm::ICmpInst::ICMP_EQ : llvm::ICmpInst::ICMP_NE))
            return false;
        auto const stride = offset_of(*next_, *element_);
        auto const end = offset_of(*test_->getOperand(1), *found_.first);
        if (!stride || !end || *stride == 0 || *end == 0 || *end % *stride != 0)
            return false;
        stride_ = *stride;
        found_.bytes = *end;
        return true;
    }

    /// Bytes between members, which hold nothing. Those of a type of another size are not known.
    void note_padding(llvm::Type& type, std::uint64_t begin, std::vector<bool>& set) const
    {
        auto* const structure = llvm::dyn_cast<llvm::StructType>(&type);
        if (structure == nullptr || structure->getNumElements() == 0)
            return;
        auto const* const layout = data_.getStructLayout(structure);
        auto at = begin;
        for (unsigned i = 0; i < structure->getNumElements(); ++i)
        {
            auto const member = begin + layout->getElementOffset(i).getFixedValue();
            std::fill(set.begin() + static_cast<std::ptrdiff_t>(at), set.begin() + static_cast<std::ptrdiff_t>(member),
                      true);
            note_padding(*structure->getElementType(i), member, set);
            at = member + data_.getTypeAllocSize(structure->getElementType(i)).getFixedValue();
        }
        std::fill(set.begin() + static_cast<std::ptrdiff_t>(at),
                  set.begin() + static_cast<std::ptrdiff_t>(begin + layout->getSizeInBytes().getFixedValue()), true);
    }

    /// Nothing else happens, and every byte of the element's members gets the same value.
    bool only_fills()
    {
        std::vector<bool> set(stride_);
        if (data_.getTypeAllocSize(next_->getSourceElementType()).getFixedValue() == stride_)
            note_padding(*next_->getSourceElementType(), 0, set);
        for (auto* const block : found_.body)
        {
            if (block != loop_.getLoopLatch() && !goes_on(*block->getTerminator()))
                return false;
            for (auto& instruction : *block)
            {
                if (auto* const store = llvm::dyn_cast<llvm::StoreInst>(&instruction))
                {
                    if (!note(*store, set))
                        return false;
                }
                else if (!has_no_effect(instruction))
                    return false;
            }
        }
        return std::find(set.begin(), set.end(), false) == set.end() || was_filled();
    }

    /// Whether right before the loop all of it got the same byte already, which what the loop leaves out still has.
    bool was_filled() const
    {
        for (auto& instruction : llvm::reverse(*found_.before))
        {
            if (!instruction.mayWriteToMemory())
                continue;
            auto const* const set = llvm::dyn_cast<llvm::MemSetInst>(&instruction);
            auto const* const size = set == nullptr ? nullptr : llvm::dyn_cast<llvm::ConstantInt>(set->getLength());
            auto const offset = set == nullptr ? std::nullopt : offset_of(*found_.first, *set->getDest());
            return size != nullptr && offset && !set->isVolatile() && set->getValue() == found_.byte &&
                   *offset + found_.bytes <= size->getZExtValue();
        }
        return false;
    }

    /// Always to the turn's next block: it is the only one, or the other one is for an element at the address null,
    /// where none of what the memset is proved to write can be.
    bool goes_on(const llvm::Instruction& end) const
    {
        auto const* const branch = llvm::dyn_cast<llvm::BranchInst>(&end);
        if (branch == nullptr)
            return false;
        if (branch->isUnconditional())
            return loop_.contains(branch->getSuccessor(0));
        if (!loop_.contains(branch->getSuccessor(0)) || loop_.contains(branch->getSuccessor(1)))
            return false;
        if (auto const* const always = llvm::dyn_cast<llvm::ConstantInt>(branch->getCondition()))
            return always->isOne();
        auto const* const test = llvm::dyn_cast<llvm::ICmpInst>(branch->getCondition());
        if (test == nullptr || test->getPredicate() != llvm::ICmpInst::ICMP_NE ||
            !llvm::isa<llvm::ConstantPointerNull>(test->getOperand(1)))
            return false;
        auto const offset = offset_of(*test->getOperand(0), *element_);
        return offset && *offset < stride_;
    }

    bool has_no_effect(llvm::Instruction& instruction) const
    {
        bool const is_address = llvm::isa<llvm::GetElementPtrInst, llvm::ICmpInst>(instruction);
        if (!is_address && &instruction != element_ && !instruction.isTerminator() &&
            !llvm::isInstructionTriviallyDead(&instruction))
            return false;
        return std::all_of(instruction.user_begin(), instruction.user_end(),
                           [&](const llvm::User* user) { return loop_.contains(llvm::cast<llvm::Instruction>(user)); });
    }

    bool note(llvm::StoreInst& store, std::vector<bool>& set)
    {
        auto* const value = llvm::dyn_cast<llvm::Constant>(store.getValueOperand());
        auto* const byte = value == nullptr ? nullptr : llvm::isBytewiseValue(value, data_);
        auto const offset = offset_of(*store.getPointerOperand(), *element_);
        auto const size = data_.getTypeStoreSize(store.getValueOperand()->getType()).getFixedValue();
        if (!store.isSimple() || byte == nullptr || !llvm::isa<llvm::ConstantInt>(byte) || !offset ||
            *offset + size > stride_ || (found_.byte != nullptr && found_.byte != byte))
            return false;
        found_.byte = byte;
        found_.at = store.getDebugLoc();
        std::fill_n(set.begin() + static_cast<std::ptrdiff_t>(*offset), size, true);
        return true;
    }

    /// By how many bytes the pointer is behind the other one, where that is a constant.
    std::optional<std::uint64_t> offset_of(llvm::Value& pointer, const llvm::Value& from) const
    {
        auto const strip = [&](const llvm::Value& of, llvm::APInt& offset)
        { return of.stripAndAccumulateInBoundsConstantOffsets(data_, offset); };
        llvm::APInt offset(64, 0);
        llvm::APInt offset_of_from(64, 0);
        if (strip(pointer, offset) != strip(from, offset_of_from) || offset.slt(offset_of_from))
            return std::nullopt;
        return (offset - offset_of_from).getZExtValue();
    }

    const llvm::Loop& loop_;
    const llvm::DataLayout& data_;
    Filling found_{};
    llvm::PHINode* element_ = nullptr;
    llvm::GEPOperator* next_ = nullptr;
    llvm::ICmpInst* test_ = nullptr;
    std::uint64_t stride_ = 0;
};

} // namespace

void summarise_initialisation(llvm::Function& function)
{
    llvm::DominatorTree dominators(function);
    llvm::LoopInfo loops(dominators);
    std::vector<Filling> found;
    for (auto* const loop : loops.getLoopsInPreorder())
    {
        if (auto const filling = Recognition(*loop, function.getParent()->getDataLayout()).run())
            found.push_back(*filling);
    }
    for (auto const& filling : found)
    {
        llvm::IRBuilder<> build(filling.before->getTerminator());
        build.SetCurrentDebugLocation(filling.at);
        build.CreateMemSet(filling.first, filling.byte, filling.bytes, llvm::MaybeAlign());
        filling.before->getTerminator()->replaceSuccessorWith(filling.body.front(), filling.after);
        llvm::DeleteDeadBlocks(filling.body);
    }
}

} // namespace ovm::compiler::verifier
