// The escape: an annotation with its reason, on a function, a variable, a class, a member.
int one([[maybe_unused]] int* at);
[[clang::annotate("ovm::trusted", "the pool hands out its own slots")]] int trusted_function(int* at) { return at[1]; } // expect: none
[[clang::annotate("ovm::trusted", "the console of last resort")]] int trusted_variable = 0; // expect: none
class [[clang::annotate("ovm::trusted", "wraps one slot")]] Trusted_class // expect: none
{
public:
    int get(int index) const { return at_[index]; }
    int defined_below(int index) const;

private:
    int* at_ = nullptr;
};
int Trusted_class::defined_below(int index) const { return at_[index]; } // expect: none
class Partly
{
public:
    [[clang::annotate("ovm::trusted", "bounds are checked by the caller")]] int trusted(int index) const; // expect: none
    int checked(int index) const { return at_[index]; } // expect: pointer-arithmetic

private:
    int* at_ = nullptr;
};
int Partly::trusted(int index) const { return at_[index]; } // expect: none
template <typename Value>
[[clang::annotate("ovm::trusted", "a template is trusted in every instantiation")]] Value instantiated(Value* at) // expect: none
{
    return at[1];
}
int instantiate(int* at) { return instantiated(at); }
int trusted_local(int* at)
{
    [[clang::annotate("ovm::trusted", "one step, checked above")]] int* next = at + 1; // expect: none
    return *(next + 1); // expect: pointer-arithmetic
}
[[clang::annotate("ovm::trusted")]] int without_reason(int* at) { return at[1]; } // expect: trusted-reason
[[clang::annotate("ovm::trusted", " ")]] int with_empty_reason(int* at) { return at[1]; } // expect: trusted-reason
[[clang::annotate("something else", "why")]] int other(int* at) { return at[1]; } // expect: pointer-arithmetic
