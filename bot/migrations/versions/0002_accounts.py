"""sessions, usage counters, calendar feeds."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=True),
        sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sessions_token_hash")),
    )
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"])
    op.create_index(op.f("ix_sessions_previous_hash"), "sessions", ["previous_hash"])
    op.create_table(
        "usage",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("professional_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("what", sa.String(length=24), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["professional_id"], ["professionals.id"], name=op.f("fk_usage_professional_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage")),
        sa.UniqueConstraint("professional_id", "month", "what", name=op.f("uq_usage_professional_id_month_what")),
    )
    op.create_table(
        "consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_consents_contact_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index(op.f("ix_consents_contact_id"), "consents", ["contact_id"])
    # Deleting an agenda asks each of its appointments and clients for what hangs on it.
    op.create_index(op.f("ix_notifications_appointment_id"), "notifications", ["appointment_id"])
    op.create_index(op.f("ix_reviews_client_id"), "reviews", ["client_id"])
    op.add_column("login_codes", sa.Column("reverse", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("login_codes", sa.Column("name", sa.String(length=120), nullable=False, server_default=""))
    op.create_index(op.f("ix_login_codes_browser_hash"), "login_codes", ["browser_hash"])
    op.add_column("professionals", sa.Column("calendar_key", sa.String(length=48), nullable=True))
    op.add_column("professionals", sa.Column("cpf", sa.String(length=11), nullable=True))
    op.add_column("professionals", sa.Column("council_number", sa.String(length=15), nullable=False, server_default=""))
    op.create_index(op.f("ix_professionals_calendar_key"), "professionals", ["calendar_key"], unique=True)
    op.add_column("clients", sa.Column("unproved", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("appointments", sa.Column("guest_name", sa.String(length=120), nullable=True))
    op.add_column("appointments", sa.Column("guest_email", sa.String(length=254), nullable=True))
    op.add_column("professionals", sa.Column("stripe_readings", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("conversations", sa.Column("minute_from", sa.DateTime(timezone=True), nullable=True))
    op.add_column("conversations", sa.Column("minute_count", sa.Integer(), nullable=False, server_default="0"))
    _sending()
    _upkeep()


_ENDLESS = "ended_at IS NULL AND count IS NULL AND until IS NULL"
# What the jobs of every minute and every night look for: few rows of large tables.
_FEW = (
    ("ix_recurring_schedules_endless", "recurring_schedules", ["booked_through"], _ENDLESS),
    ("ix_waitlist_entries_open", "waitlist_entries", ["professional_id"], "status IN ('waiting', 'offered')"),
    ("ix_conversations_professionals", "conversations", ["last_inbound_at"], "mode = 'professional'"),
    ("ix_pending_actions_open", "pending_actions", ["expires_at"], "status = 'open'"),
    ("ix_professionals_past_due", "professionals", ["past_due_since"], "past_due_since IS NOT NULL"),
    ("ix_billing_events_waiting", "billing_events", ["attempts", "received_at"], "handled_at IS NULL"),
    ("ix_inbound_notices", "inbound", ["received_at"], "kind = 'notice'"),
    ("ix_inbound_conversation_id", "inbound", ["conversation_id"], "conversation_id IS NOT NULL"),
    ("ix_outbound_unheard", "outbound", ["sent_at"], "status = 'sent'"),
    ("ix_outbound_holidays", "outbound", ["contact_id"], "dedup_key LIKE 'holiday:%'"),
)


def _upkeep() -> None:
    """Indexes without which a job with nothing to do would read whole tables."""
    op.drop_index("ix_inbound_conversation_id", "inbound")  # of every row until now, of those handled from now on
    for name, table, columns, where in _FEW:
        few = sa.text(where)
        op.create_index(name, table, columns, postgresql_where=few, sqlite_where=few)
    op.create_index("ix_outbound_sent_at", "outbound", ["sent_at"])
    op.create_index("ix_appointments_created_at", "appointments", ["created_at"])
    op.add_column("professionals", sa.Column("agenda_on", sa.Date(), nullable=True))
    op.create_index("ix_professionals_timezone_agenda_on", "professionals", ["timezone", "agenda_on"])


def _sending() -> None:
    """Health as a history, one open row a check; a quick look at who has a message on its way."""
    with op.batch_alter_table("service_health") as table:
        table.add_column(sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
        table.drop_constraint("uq_service_health_check", type_="unique")
    op.create_index(
        "ix_service_health_check_open",
        "service_health",
        ["check"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
        sqlite_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_service_health_check_since", "service_health", ["check", "since"])
    owed = sa.text("status IN ('queued', 'sending', 'uncertain') AND contact_id IS NOT NULL")
    op.create_index("ix_outbound_owed_contact_id", "outbound", ["contact_id"], postgresql_where=owed, sqlite_where=owed)
    leased = sa.text("status = 'sending'")
    op.create_index("ix_outbound_leased", "outbound", ["lease_until"], postgresql_where=leased, sqlite_where=leased)
    trouble = sa.text("status IN ('uncertain', 'failed')")
    op.create_index("ix_outbound_troubled", "outbound", ["due_at"], postgresql_where=trouble, sqlite_where=trouble)
    codes = sa.text("kind = 'login_code'")
    op.create_index("ix_outbound_login_codes", "outbound", ["created_at"], postgresql_where=codes, sqlite_where=codes)
    dead = sa.text("status = 'dead'")
    op.create_index("ix_inbound_dead", "inbound", ["received_at"], postgresql_where=dead, sqlite_where=dead)
    # People who told WhatsApp that they want no offers: everything about their own appointments still goes.
    op.add_column("contacts", sa.Column("marketing_stopped_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_index("ix_professionals_timezone_agenda_on", "professionals")
    op.drop_column("professionals", "agenda_on")
    op.drop_index("ix_appointments_created_at", "appointments")
    op.drop_index("ix_outbound_sent_at", "outbound")
    for name, of, _, _ in _FEW:
        op.drop_index(name, of)
    op.create_index("ix_inbound_conversation_id", "inbound", ["conversation_id"])
    op.drop_column("conversations", "minute_count")
    op.drop_column("conversations", "minute_from")
    op.drop_column("contacts", "marketing_stopped_at")
    op.drop_index("ix_inbound_dead", "inbound")
    op.drop_index("ix_outbound_troubled", "outbound")
    op.drop_index("ix_outbound_login_codes", "outbound")
    op.drop_index("ix_outbound_leased", "outbound")
    op.drop_index("ix_outbound_owed_contact_id", "outbound")
    op.drop_index("ix_service_health_check_since", "service_health")
    op.drop_index("ix_service_health_check_open", "service_health")
    op.execute("DELETE FROM service_health WHERE ended_at IS NOT NULL")
    with op.batch_alter_table("service_health") as table:
        table.create_unique_constraint("uq_service_health_check", ["check"])
        table.drop_column("ended_at")
    op.drop_index(op.f("ix_login_codes_browser_hash"), "login_codes")
    op.drop_column("login_codes", "name")
    op.drop_column("login_codes", "reverse")
    op.drop_index(op.f("ix_professionals_calendar_key"), "professionals")
    op.drop_column("professionals", "stripe_readings")
    op.drop_column("appointments", "guest_email")
    op.drop_column("appointments", "guest_name")
    op.drop_column("clients", "unproved")
    op.drop_column("professionals", "calendar_key")
    op.drop_column("professionals", "council_number")
    op.drop_column("professionals", "cpf")
    op.drop_index(op.f("ix_reviews_client_id"), "reviews")
    op.drop_index(op.f("ix_notifications_appointment_id"), "notifications")
    op.drop_table("consents")
    op.drop_table("usage")
    op.drop_table("sessions")
