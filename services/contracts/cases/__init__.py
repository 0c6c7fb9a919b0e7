"""What cases tells and answers, by subject; the names of every module are the package's."""

from services.contracts.cases.concern import *
from services.contracts.cases.coordinator import *
from services.contracts.cases.discussions import *
from services.contracts.cases.lane import *
from services.contracts.cases.people import *
from services.contracts.cases.relay import *
from services.contracts.cases.responsibility import *
from services.contracts.cases.views import *
from services.contracts.cases.words import *

EVENTS = (
    PersonChanged,
    ProtectedOrderRegistered,
    CareOrderAwaits,
    CareOrderDecided,
    ConcernRaised,
    TalkRecorded,
    LevelMoved,
    HolderChanged,
    HandoverProposed,
    HandoverAnswered,
    StepCompleted,
    DeadlineNear,
    DeadlinePassed,
    ConcernJoined,
    CaseClosed,
    BirthRegistered,
    EmergencyOpened,
    EmergencyEnded,
    DiscussionAsked,
    DiscussionAnswered,
    LaneReportFiled,
    LaneReportAnswered,
    LaneReaderNamed,
    LaneReadersLost,
)

PROCEDURES = (
    ResolveLogin,
    RegisterEmployee,
    ContactOf,
    MyCases,
    GetCase,
    GetNotes,
    NoteMiss,
    RaiseConcern,
    RecordForm,
    RecordNote,
    RecordTalk,
    SuggestLevel,
    MoveLevel,
    CompleteStep,
    ProposeHandover,
    AnswerHandover,
    CloseCase,
    EndLog,
    RegisterBirth,
    GetFamily,
    RefreshFamily,
    RecordPaper,
    DecidePaper,
    CareOrders,
    RegisterCareOrder,
    ChangeCareOrder,
    DecideCareOrder,
    AskDiscussion,
    Discussions,
    AnswerDiscussion,
    ReportsWithGuardians,
    *LANE_PROCEDURES,
    Explain,
    OpenEmergency,
    EndEmergency,
    ListEmergencies,
)
