"""Names that columns have in files, in English, Spanish and Portuguese, by what they are columns of."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from lib.catalog.catalog import Catalog

_NAMES: Mapping[str, str] = {
    "id": """
        id, call id, id call, conversation id, evaluation id, interaction id, ticket id, ticket, ticket
        number, record id, uuid, guid, contact id, session id, case id, case number, call number, reference,
        unique id, uniqueid, call sid, recording id, id llamada, llamada id, id de llamada, id de la
        llamada, identificador, id evaluación, id interacción, id contacto, id caso, id grabación, folio,
        número de llamada, número de caso, código, código de llamada, referencia, n° llamada, nro llamada,
        nº evaluación, n° evaluación, número de evaluación, número evaluación, evaluation number, nº de avaliação, id
        chamada, id da chamada, id ligação, id da ligação, id atendimento, id avaliação, protocolo,
        número do protocolo, número da chamada, código da chamada
    """,
    "audioDate": """
        audio date, call date, date, timestamp, call timestamp, datetime, date time, date and time, start
        time, started at, call time, call start, start date, call start time, call datetime, contact date,
        interaction date, initiation timestamp, conversation date, created on, opened at, fecha, fecha y
        hora, fecha hora, fecha de llamada, fecha de la llamada, fecha llamada, fecha audio, fecha del
        audio, fecha inicio, fecha de inicio, hora inicio, inicio, inicio de llamada, fecha de contacto,
        fecha atención, fecha de atención, fecha interacción, fecha apertura, fecha de grabación, fecha
        grabación, día, marca de tiempo, data, data e hora, data hora, data da chamada, data chamada, data
        da ligação, data ligação, data do atendimento, data atendimento, data de início, data início, data
        inicial, data do áudio, data abertura, data de abertura, data da gravação, data do contato, data e
        hora da chamada, início, contact initiation timestamp, contact start timestamp, evaluation start timestamp
    """,
    "state": """
        state, status, call status, call state, evaluation status, estado, estado llamada, estado de la
        llamada, estado evaluación, estatus, situación, situação, status da chamada, status da avaliação,
        estado da chamada
    """,
    "sentiment": """
        sentiment, mood, tone, customer sentiment, overall sentiment, emotion, sentimiento, sentimiento del
        cliente, sentimiento cliente, ánimo, estado de ánimo, tono, emoción, polaridad, sentimento,
        sentimento do cliente, humor, tom, emoção, polaridade
    """,
    "averageNote": """
        average note, score, average score, rating, note, nota, quality score, qa score, overall score, final
        score, evaluation score, grade, points, stars, total score, nota promedio, nota final, nota media,
        puntaje, puntaje final, puntaje total, puntuación, puntuación final, calificación, calificación final,
        valoración, evaluación, puntos, promedio, resultado, nota média, pontuação, pontuação final, avaliação,
        pontos, média, nota geral, nota do atendimento, csat, csat score, satisfaction rating, satisfaction,
        customer rating, satisfaction score, satisfacción, satisfação, nota do consumidor, nota do cliente
    """,
    "durationInSeconds": """
        duration in seconds, duration, duration seconds, call duration, seconds, talk time, talk, avg talk
        duration, talk duration, call length, length, handle time, aht, average handle time, total time,
        time on call, billsec, duración, duración llamada, duración de la llamada, duración de llamada,
        duración en segundos, duración segundos, segundos, tiempo, tiempo de llamada, tiempo llamada, tiempo
        hablado, tiempo de conversación, tiempo de atención, tiempo total, minutos, largo, duração, duração
        da chamada, duração chamada, duração da ligação, duração em segundos, tempo, tempo de chamada, tempo
        da chamada, tempo de atendimento, tempo de conversa, tempo total, tempo falado, tma, tmo
    """,
    "isAICall": """
        is ai call, ai, is ai, bot, is bot, ai call, ai agent, virtual agent, automated, es ia, ia, es bot,
        llamada ia, agente virtual, automatizada, é ia, chamada ia, robô, atendente virtual, atendimento
        virtual
    """,
    "campaignId": "campaign id, id campaña, id de campaña, código campaña, id campanha, id da campanha",
    "campaignName": """
        campaign name, campaign, topic, reason, project, call reason, contact reason, campaña, nombre de
        campaña, nombre campaña, nombre de la campaña, tema, motivo, motivo de llamada, motivo de la
        llamada, asunto, proyecto, producto, campanha, nome da campanha, assunto, motivo da chamada, motivo
        do contato, projeto, produto, tópico
    """,
    "callCenterId": "call center id, center id, site id, id centro, id call center, id sucursal, id do centro",
    "callCenterName": """
        call center name, call center, call centre, callcenter, center, centre, site, location, branch,
        office, centro, centro de llamadas, nombre del centro, centro de atención, centro de contacto,
        sucursal, sede, sitio, oficina, plataforma, central, central de atendimento, centro de atendimento,
        filial, unidade, unidad, local
    """,
    "engagementId": "engagement id, channel id, queue id, id canal, id cola, id engagement, id fila",
    "engagementName": """
        engagement name, engagement, channel, queue, queue name, skill, skill group, canal, cola, nombre de
        cola, medio, servicio, línea de servicio, skill, fila, nome da fila, canal de atendimento, serviço,
        meio
    """,
    "executiveId": """
        executive id, agent id, user id, employee id, advisor id, id agente, id de agente, id del agente, id
        ejecutivo, id asesor, id operador, legajo, código agente, id do agente, id atendente, id do
        atendente, matrícula
    """,
    "executiveName": """
        executive name, executive, agent, agent name, advisor, representative, rep, agent full name,
        employee, employee name, operator, handled by, answered by, username, user, agente, nombre agente,
        nombre del agente, nombre de agente, asesor, nombre del asesor, asesora, ejecutivo, ejecutiva,
        nombre ejecutivo, nombre del ejecutivo, operador, operadora, nombre del operador, teleoperador,
        empleado, vendedor, usuario, atendido por, colaborador, atendente, nome do atendente, nome
        atendente, nome do agente, nome agente, nome do operador, consultor, funcionário, analista, usuário
    """,
    "audioFileName": """
        audio file name, file, filename, file name, recording, audio file, recording name, recording file,
        audio, archivo, nombre de archivo, nombre archivo, nombre del archivo, archivo de
        audio, grabación, nombre de grabación, archivo audio, arquivo, nome do arquivo, arquivo de áudio,
        gravação, nome da gravação, áudio
    """,
    "createdAt": """
        created at, created, creation date, date created, fecha de creación, fecha creación, creado, data de
        criação, data criação, criado em
    """,
    "evaluatorId": """
        evaluator id, reviewer id, grader id, auditor id, qa id, id evaluador, id del evaluador, id auditor, id
        avaliador, id do avaliador
    """,
    "evaluatorName": """
        evaluator name, evaluator, reviewer, reviewer name, evaluated by, reviewed by, scored by, graded by, grader,
        grader name, qa evaluator, qa analyst, auditor, auditor name, evaluador, evaluadora, nombre del
        evaluador, nombre evaluador, evaluado por, revisado por, calificado por, analista de calidad, monitor,
        avaliador, avaliadora, nome do avaliador, avaliado por, monitorado por
    """,
    "form": """
        form, form name, scorecard, scorecard name, evaluation form, evaluation form name, qa form, template, rubric,
        evaluation definition title, evaluation form title, form title,
        formulario, formulario de evaluación, pauta, pauta de evaluación, ficha, formulário, formulário de avaliação,
        ficha de monitoria
    """,
    "evaluatedAt": """
        evaluated at, evaluation date, evaluation time, evaluated on, reviewed at, review date, scored at, graded at,
        evaluation submit timestamp, evaluation submitted at,
        fecha de evaluación, fecha evaluación, fecha de la evaluación, evaluado, evaluado el, fecha de revisión, data
        da avaliação, data avaliação, avaliado em, data da monitoria
    """,
    "recordingUrl": """
        recording url, recording link, audio url, audio link, call recording url, call url, media url, link to
        recording, url de grabación, enlace de grabación, link de grabación, url da gravação, link da gravação
    """,
}

_TIMES = """
    time, hour, time of day, call time, start time, hora, hora inicio, hora de inicio, hora llamada, hora de
    llamada, hora de la llamada, horario, hora início, hora de início, hora da chamada, hora da ligação, hora do
    atendimento, horário
"""
"""Names of columns with times of day, whose dates are in another one."""

_UNITS: Mapping[str, frozenset[str]] = {
    "ms": frozenset({"ms", "msec", "msecs", "millis", "milliseconds", "millisecond", "milisegundos", "milissegundos"}),
    "s": frozenset({"s", "seg", "segs", "sec", "secs", "second", "seconds", "segundo", "segundos"}),
    "min": frozenset({"m", "min", "mins", "minute", "minutes", "minuto", "minutos"}),
    "h": frozenset({"h", "hr", "hrs", "hs", "hour", "hours", "hora", "horas"}),
}

_FILLERS = frozenset(
    """
    de del da do das dos la el los las o a the of in en em y e and per por call calls llamada llamadas chamada ligacao
    consumidor cliente customer client avg average mean promedio media total final abertura apertura inicio start mm ss
    hh hhmmss utc gmt local yyyy dd iso
    """.split()  # noqa: SIM905 - a list of so many words is read more easily so
)
"""Words that a name may have besides those that say what it is."""

_VALUES = frozenset({"percentage", "percent", "value", "points", "porcentaje", "valor"})
"""Leaves of nested names that say what the container is measured in: `score.percentage` is a score."""

_OF_CONTAINERS = frozenset({"id", "name", "fullname", "displayname", "username", "nombre", "nome"})
"""Leaves of nested names that say which property of the container they are."""

_WAITING = frozenset(
    {"queue", "wait", "waiting", "hold", "ring", "ringing", "answer", "response", "espera", "cola", "fila", "resposta"}
)
"""Words of durations that are not those of a conversation."""

_OF_OWN_FIELDS = frozenset({"field", "fields"})
"""Containers of own fields, as in `field.channel`: they are no canonical columns, whatever they are called."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def fold_name(name: str) -> str:
    """Return a name as it is compared here: letters and digits alone, without case and accents."""
    return "".join(character for character in _plain(name).casefold() if character.isalnum())


def _plain(name: str) -> str:
    parts = unicodedata.normalize("NFKD", name)
    return "".join(character for character in parts if not unicodedata.combining(character))


def words_of(name: str) -> list[str]:
    """Return the words of a name, of which capitals and signs tell where they begin, folded."""
    return [word.casefold() for word in _WORD.findall(_plain(name))]


def _folded(names: str) -> dict[str, int]:
    return {fold_name(name): place for place, name in reversed([*enumerate(names.split(","))])}


_FOLDED = {canonical: _folded(names) for canonical, names in _NAMES.items()}
_FOLDED_TIMES = frozenset(_folded(_TIMES))


def unit_of(name: str) -> str | None:
    """Return the unit of durations that a name says: one of `mapping.UNITS`, or None."""
    words = set(words_of(name)[1:])  # a column `Minutos` says it too
    first = set(words_of(name)[:1]) & {"minutes", "minutos", "seconds", "segundos", "ms"}
    return next((unit for unit, known in _UNITS.items() if known & (words | first)), None)


def clock_of(name: str) -> str | None:
    """Return what a name says that two parts of a clock are: `mm:ss` or `hh:mm`, or None."""
    folded = fold_name(name)
    return (
        "mm:ss" if folded.endswith("mmss") and "hhmmss" not in folded else "hh:mm" if folded.endswith("hhmm") else None
    )


def is_time_name(name: str) -> bool:
    """Return whether a name is one of a column with times of day."""
    return fold_name(name) in _FOLDED_TIMES


def likeness(name: str, canonical: str, catalog: Catalog) -> float:
    """Return how much a name is one of a canonical column, from 0 to 1.

    Of a nested name, such as `Agent.Username`, the leaf says what it is, or the container whose id or name it is.
    """
    container, _, leaf = name.rpartition(".")
    if not container or not leaf:
        return _likeness(name, canonical, catalog)
    if container.casefold() in _OF_OWN_FIELDS:
        return 0.0
    if canonical == "durationInSeconds" and _WAITING & {*words_of(container)}:
        return 0.0
    folded = fold_name(leaf)
    if folded in _VALUES:
        return 0.95 * _likeness(container.rpartition(".")[2], canonical, catalog)
    if folded in _OF_CONTAINERS:
        kind = " id" if folded == "id" else ""
        return 0.95 * _likeness(container.rpartition(".")[2] + kind, canonical, catalog)
    return 0.95 * _likeness(leaf, canonical, catalog)


def _likeness(name: str, canonical: str, catalog: Catalog) -> float:
    if canonical == "durationInSeconds" and _WAITING & {*words_of(name)}:
        return 0.0
    known = _FOLDED.get(canonical, {})
    folded = fold_name(name)
    own = {
        fold_name(canonical),
        *(fold_name(each.name) for each in catalog.stored_dimensions if each.name_field == canonical),
    }
    if folded in own:
        return 1.0
    if folded in known:
        return 0.9 - 0.001 * known[folded]
    unit_words = frozenset().union(*_UNITS.values()) if canonical == "durationInSeconds" else frozenset()
    words = [word for word in words_of(name) if word not in _FILLERS and word not in unit_words]
    core = "".join(words)
    if words and core in known:
        return 0.7 - 0.001 * known[core]
    if canonical == "durationInSeconds" and {"duration", "duracion", "duracao"} & set(words_of(name)):
        return 0.5
    return 0.0


def known_names(cells: Iterable[str], catalog: Catalog) -> int:
    """Return how many of a row's cells are names of columns."""
    return sum(
        any(likeness(cell, canonical, catalog) >= 0.8 for canonical in catalog.fields) or is_time_name(cell)
        for cell in cells
        if cell
    )
