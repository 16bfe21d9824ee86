"""The closed lists of words that the whole house shares: languages, kinds, flags, departments, queues, channels.

They are the labels of the complaints domain. Everything else (names in four languages, thresholds, deadlines) is data
beside this file; these identifiers are what the data, the database and the classifier refer to.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

Language = Literal["fr", "nl", "de", "en"]
Kind = Literal["complaint", "suggestion", "compliment", "question", "other"]
Flag = Literal["anonymous", "off_scope", "doctor", "urgent", "second_line"]
Department = Literal[
    "reimbursements",
    "incapacity",
    "membership",
    "contributions",
    "hospital_dental",
    "benefits",
    "branches",
    "contact_center",
    "digital",
    "social_service",
    "privacy",
]
# How a message came in or goes out, as the classifier and the register name it.
Channel = Literal["email", "sms", "whatsapp", "chat", "telegram", "webform", "phone", "counter", "letter"]
# What a contact's address is; one member may have several of each.
AddressKind = Literal["email", "phone", "telegram", "chat", "post"]
# How a member reaches us, besides the form.
Way = Literal["phone", "branch", "post", "email"]
Role = Literal["mediator", "agent", "supervisor", "reader", "administrator"]

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
FLAGS: Final[tuple[Flag, ...]] = get_args(Flag)
DEPARTMENTS: Final[tuple[Department, ...]] = get_args(Department)
CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)
# Channels on which people talk in turns and the robot answers.
CONVERSING: Final[tuple[Channel, ...]] = ("chat", "sms", "whatsapp", "telegram")
# The order in which they stand on every page, after the form.
WAYS: Final[tuple[Way, ...]] = get_args(Way)
ROLES: Final[tuple[Role, ...]] = get_args(Role)

# How a case ends that was no message for us: spam, or a robot's letter. It is neither handled nor refused; nobody is written to.
ROBOT: Final = "not_handled_robot"

# Each department has a queue of its own name; these three are where people decide about cases that are nobody's yet.
SPECIAL_QUEUES: Final[tuple[str, ...]] = ("mediation", "triage", "medical_coordinator")
QUEUES: Final[tuple[str, ...]] = (*SPECIAL_QUEUES, *DEPARTMENTS)
