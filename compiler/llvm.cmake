# What the stages of the compiler share that speak LLVM's ABI: they are built with libstdc++ and without RTTI.
set(OVM_LLVM_DIR /usr/lib/llvm-19 CACHE PATH "Where LLVM 19 is installed")
if(NOT EXISTS ${OVM_LLVM_DIR}/include/clang/AST/RecursiveASTVisitor.h)
    message(FATAL_ERROR "The compiler needs Clang's headers: install libclang-19-dev and llvm-19-dev")
endif()
set(OVM_CLANG_LIBRARIES ${OVM_LLVM_DIR}/lib/libclang-cpp.so.19.1 ${OVM_LLVM_DIR}/lib/libLLVM-19.so)

# ovm_speaks_llvm(TARGET OPTIONS...): with so many more options for the compiler.
function(ovm_speaks_llvm target)
    target_include_directories(${target} SYSTEM PRIVATE ${OVM_LLVM_DIR}/include)
    target_compile_options(${target} PRIVATE -stdlib=libstdc++ -fno-rtti -g0 -Wall -Wextra -Werror -Wno-unused-parameter
        ${ARGN})
    target_compile_definitions(${target} PRIVATE
        _GNU_SOURCE __STDC_CONSTANT_MACROS __STDC_FORMAT_MACROS __STDC_LIMIT_MACROS)
    target_link_options(${target} PRIVATE -stdlib=libstdc++ -fuse-ld=lld-19)
endfunction()
