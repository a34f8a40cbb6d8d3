#pragma once

#include <cstddef>
#include <cstdint>

/// What we use of QEMU's plugin interface, version 1 (QEMU 7.2, docs/devel/tcg-plugins.rst), declared by ourselves:
/// Debian ships no header for it.
extern "C"
{
    struct qemu_plugin_tb;
    struct qemu_plugin_insn;
    struct qemu_info_t;

    using qemu_plugin_id_t = std::uint64_t;

    enum qemu_plugin_op
    {
        QEMU_PLUGIN_INLINE_ADD_U64
    };

    enum qemu_plugin_cb_flags
    {
        QEMU_PLUGIN_CB_NO_REGS
    };

    using qemu_plugin_vcpu_tb_trans_cb_t = void (*)(qemu_plugin_id_t id, qemu_plugin_tb* block);
    using qemu_plugin_vcpu_udata_cb_t = void (*)(unsigned processor, void* data);

    void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_vcpu_tb_trans_cb_t callback);
    void qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_insn* instruction, qemu_plugin_vcpu_udata_cb_t callback,
                                                qemu_plugin_cb_flags flags, void* data);
    void qemu_plugin_register_vcpu_insn_exec_inline(qemu_plugin_insn* instruction, qemu_plugin_op operation, void* at,
                                                    std::uint64_t operand);
    std::size_t qemu_plugin_tb_n_insns(const qemu_plugin_tb* block);
    qemu_plugin_insn* qemu_plugin_tb_get_insn(const qemu_plugin_tb* block, std::size_t index);
    std::uint64_t qemu_plugin_insn_vaddr(const qemu_plugin_insn* instruction);
    std::size_t qemu_plugin_insn_size(const qemu_plugin_insn* instruction);
    void* qemu_plugin_insn_haddr(const qemu_plugin_insn* instruction);
}
