/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handlers, one file a command (pairs that differ in one word share one).
 * Each decodes the buffer, checks everything in the specification's order, and
 * only then performs; a handler that fails has changed nothing.  The platform
 * state was checked before.
 */
#ifndef ASP_COMMANDS_H
#define ASP_COMMANDS_H

#include "asp/state.h"

typedef enum wire_sev_status asp_handler(struct asp_call *call);

asp_handler asp_cmd_activate;
asp_handler asp_cmd_activate_ex;
asp_handler asp_cmd_attestation;
asp_handler asp_cmd_copy;
asp_handler asp_cmd_dbg_decrypt;
asp_handler asp_cmd_dbg_encrypt;
asp_handler asp_cmd_deactivate;
asp_handler asp_cmd_decommission;
asp_handler asp_cmd_df_flush;
asp_handler asp_cmd_download_firmware;
asp_handler asp_cmd_get_id;
asp_handler asp_cmd_guest_status;
asp_handler asp_cmd_init;
asp_handler asp_cmd_init_ex;
asp_handler asp_cmd_launch_finish;
asp_handler asp_cmd_launch_measure;
asp_handler asp_cmd_launch_secret;
asp_handler asp_cmd_launch_start;
asp_handler asp_cmd_launch_update_data;
asp_handler asp_cmd_launch_update_vmsa;
asp_handler asp_cmd_nop;
asp_handler asp_cmd_pdh_cert_export;
asp_handler asp_cmd_pdh_gen;
asp_handler asp_cmd_pek_cert_import;
asp_handler asp_cmd_pek_csr;
asp_handler asp_cmd_pek_gen;
asp_handler asp_cmd_platform_reset;
asp_handler asp_cmd_platform_status;
asp_handler asp_cmd_receive_finish;
asp_handler asp_cmd_receive_start;
asp_handler asp_cmd_receive_update_data;
asp_handler asp_cmd_receive_update_vmsa;
asp_handler asp_cmd_ring_buffer;
asp_handler asp_cmd_send_cancel;
asp_handler asp_cmd_send_finish;
asp_handler asp_cmd_send_start;
asp_handler asp_cmd_send_update_data;
asp_handler asp_cmd_send_update_vmsa;
asp_handler asp_cmd_shutdown;
asp_handler asp_cmd_swap_in;
asp_handler asp_cmd_swap_out;

#endif
