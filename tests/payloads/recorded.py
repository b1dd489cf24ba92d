"""What each of the recorded deliveries must yield, written down by reading them.

Beside the rows by kind (`dead` for what is no delivery of Meta's at all) stand the addresses of people that are known
once everything was read. A system message alone makes nobody known; one to a group or about a status neither.
"""

from typing import Final

_YIELDS: Final = {
    "message=1 identities=2": """
        cloud_btn_button__pywa cloud_btn_quick_reply__pywa cloud_btn_quick_reply_without_context__pywa
        cloud_call_permission_accept__pywa cloud_call_permission_reject__pywa cloud_deleted_revoke__pywa
        cloud_flow_completion__pywa cloud_flow_without_flow_token__pywa cloud_list_callback__pywa
        cloud_list_description__pywa cloud_msg_animated_sticker__pywa cloud_msg_audio__pywa
        cloud_msg_chosen_location__pywa cloud_msg_contacts__pywa cloud_msg_current_location__pywa
        cloud_msg_document__pywa cloud_msg_forwarded__pywa cloud_msg_forwarded_many_times__pywa
        cloud_msg_image__pywa cloud_msg_media_with_url__pywa cloud_msg_order__pywa cloud_msg_reaction__pywa
        cloud_msg_referral__pywa cloud_msg_reply__pywa cloud_msg_static_sticker__pywa cloud_msg_text__pywa
        cloud_msg_unreaction_empty__pywa cloud_msg_unreaction_no_emoji__pywa cloud_msg_unsupported__pywa
        cloud_msg_unsupported_with_type__pywa cloud_msg_video__pywa cloud_msg_voice__pywa derived_br_12_digit_wa_id
        derived_br_13_digit_wa_id
    """,
    "notice=1": """
        cloud_account_account_deleted__pywa cloud_account_account_disabled__pywa
        cloud_account_account_offboarded__pywa cloud_account_account_reconnected__pywa
        cloud_account_account_restriction__pywa cloud_account_account_violation__pywa
        cloud_account_partner_app_uninstalled__pywa cloud_account_partner_removed__pywa
        cloud_account_partner_removed_wa_app_disconnection__pywa cloud_account_pricing_tiering_update__pywa
        cloud_account_primary_business_location_set__pywa cloud_account_settings_update__piusalfred
        cloud_automatic_events__piusalfred cloud_call_connect_business_initiated__pywa
        cloud_call_connect_user_initiated__pywa cloud_call_terminate_call_terminate__pywa
        cloud_cap_account_banned__binda cloud_cap_account_restricted__binda cloud_cap_account_review__binda
        cloud_cap_phone_number_name_update__binda cloud_cap_quality_update__binda cloud_cap_rejected_template__binda
        cloud_cap_template_scheduling_for_disabling__binda cloud_cap_verified_account__binda
        cloud_template_category_marketing__pywa cloud_template_components_element__pywa
        cloud_template_quality_yellow__pywa cloud_template_status_approved__pywa
        cloud_template_status_null_reason__piusalfred cloud_template_status_rejected__pywa
        cloud_unknown_field__piusalfred cloud_user_pref_resume__pywa cloud_user_pref_signup__pywa
    """,
    "dead=1": """
        derived_signature_vectors evo_response_number_not_exists_400__issue2547
        evo_response_send_text_201__issue1934 evo_send_message__issue1934 evo_upsert_empty_message__issue91
        evo_upsert_lid_only_no_alt__issue2466 evo_upsert_lid_senderpn__issue1778 graph_error_130429
        graph_error_131000_5xx graph_error_131056 graph_error_132000 graph_error_132018_newline
        graph_error_190_expired graph_media_upload_response__binda graph_media_url__binda
        graph_message_send_response__binda graph_phone_phone_number__binda
        graph_phone_phone_number_not_found_error__binda graph_phone_phone_numbers_list__binda
        graph_phone_phone_with_specific_fields__binda graph_phone_request_code_error__binda
        graph_phone_verify_code_error__binda graph_response__binda graph_template_create_response__binda
        graph_templates_list__binda
    """,
    "message=1 identities=1": """
        cloud_cap_audio_message__binda cloud_cap_button_message__binda cloud_cap_contact_message__binda
        cloud_cap_document_message__binda cloud_cap_image_message__binda cloud_cap_location_message__binda
        cloud_cap_message_deleted__binda cloud_cap_react_message__binda cloud_cap_sticker_message__binda
        cloud_cap_text_message2__binda cloud_cap_text_message__binda cloud_cap_video_message__binda
        cloud_edge_document_accented_filename__chatwoot cloud_edge_image_with_media_error__chatwoot
        cloud_edge_nfm_reply_invalid_json__chatwoot cloud_edited_image__pywa cloud_msg_button_b__piusalfred
        cloud_msg_interactive_button_reply_d__piusalfred cloud_msg_interactive_list_reply_c__piusalfred
        cloud_msg_text_e__piusalfred cloud_msg_unsupported_h__piusalfred
    """,
    "status=1": """
        cloud_cap_media_upload_error__binda cloud_cap_re_engagement_message_error__binda
        cloud_cap_text_message_status_delivered__binda cloud_cap_text_message_status_read__binda
        cloud_cap_text_message_status_sent__binda cloud_status_delivered__pywa cloud_status_failed__pywa
        cloud_status_group__pywa cloud_status_played__pywa cloud_status_read__pywa cloud_status_sent__pywa
        cloud_status_sent_g__piusalfred cloud_status_with_tracker__pywa derived_status_failed_131000
        derived_status_failed_131026 derived_status_failed_131042 derived_status_failed_131048
        derived_status_failed_131050
    """,
    "echo=1 identities=2": """
        cloud_echo_delete__pywa cloud_echo_edit__pywa cloud_echo_text__pywa
    """,
    "message=1": """
        cloud_msg_system_f__piusalfred cloud_system_identity_change__pywa cloud_system_phone_number_change__pywa
    """,
    "message=1 notice=1 identities=1": """
        cloud_batch_two_changes_mixed_fields__piusalfred
    """,
    "message=1 notice=1 identities=2": """
        cloud_msg_interactive_message_with_err__pywa
    """,
    "message=1 status=1 echo=2 notice=11 identities=2": """
        cloud_batch_all_fields__kapso
    """,
    "message=2 identities=1": """
        cloud_msg_text_a__piusalfred
    """,
    "message=3 identities=2": """
        derived_batch_3_messages_same_user
    """,
    "message=3 status=1 notice=1 identities=1": """
        cloud_batch_3msgs_status_call__kapso
    """,
    "message=4 notice=1 identities=1": """
        cloud_batch_multi_entry__piusalfred
    """,
    "status=3": """
        derived_batch_out_of_order_statuses
    """,
}

RECORDED: Final = {
    name: {what: int(count) for what, count in (part.split("=") for part in yields.split())}
    for yields, names in _YIELDS.items()
    for name in names.split()
}
