"""What states, sentiments and flags are called in files, in English, Spanish and Portuguese."""

from __future__ import annotations

from collections.abc import Mapping

from lib.catalog.fields import FieldType
from lib.ingest.header_names import words_of

_NAMES: Mapping[FieldType, Mapping[str, str]] = {
    FieldType.STATE: {
        "Completed": """
            completed, complete, finished, finalized, closed, done, resolved, answered, handled,
            evaluated, processed, success, successful, ok, scored, reviewed, completada, completado,
            completo, completa, finalizada, finalizado, terminada, terminado, cerrada, cerrado,
            resuelta, resuelto, atendida, atendido, contestada, contestado, evaluada, evaluado,
            procesada, procesado, exitosa, exitoso, lista, listo, concluida, concluido, fechada,
            fechado, encerrada, encerrado, resolvida, resolvido, avaliada, avaliado, processada,
            processado, respondida, respondido, sucesso
        """,
        "Pending": """
            pending, open, new, queued, waiting, on hold, to do, not started, scheduled, draft,
            pendiente, abierta, abierto, nueva, nuevo, en cola, en espera, por evaluar, sin evaluar,
            programada, programado, pendente, aberta, aberto, nova, novo, na fila, em espera,
            aguardando, a avaliar, agendada, agendado
        """,
        "Processing": """
            processing, in progress, in process, running, ongoing, started, procesando, en proceso, en
            curso, en progreso, en procesamiento, en evaluación, processando, em andamento, em processo,
            em curso, em progresso, em processamento, em avaliação
        """,
        "Failed": """
            failed, failure, error, rejected, cancelled, canceled, abandoned, dropped, missed, no
            answer, not answered, unanswered, invalid, timeout, expired, fallida, fallido, fallada,
            fallo, falló, rechazada, rechazado, cancelada, cancelado, abandonada, abandonado, perdida,
            perdido, no contestada, no atendida, inválida, inválido, vencida, falhou, falha, erro,
            rejeitada, rejeitado, perdeu, não atendida, não atendido, não respondida, expirada, expirado
        """,
    },
    FieldType.SENTIMENT: {
        "Positive": """
            positive, very positive, pos, happy, satisfied, very satisfied, good, great, joy, positivo,
            positiva, muy positivo, muy positiva, satisfecho, satisfecha, muy satisfecho, contento,
            feliz, bueno, buena, muito positivo, muito positiva, satisfeito, satisfeita, muito
            satisfeito, bom, boa, alegre
        """,
        "Neutral": "neutral, neu, mixed, indifferent, neutro, neutra, mixto, mixta, indiferente, misto, mista, regular",
        "Negative": """
            negative, very negative, neg, unhappy, dissatisfied, very dissatisfied, angry, frustrated,
            bad, sad, negativo, negativa, muy negativo, muy negativa, insatisfecho, insatisfecha, muy
            insatisfecho, molesto, enojado, frustrado, triste, malo, mala, muito negativo, muito
            negativa, insatisfeito, insatisfeita, muito insatisfeito, irritado, ruim
        """,
    },
    FieldType.YES_NO: {
        "true": "true, yes, y, t, 1, si, s, sim, verdadero, verdadeiro, v",
        "false": "false, no, n, f, 0, nao, falso",
    },
    FieldType.FLAG: {
        "true": "true, yes, y, t, 1, si, s, sim, verdadero, verdadeiro, v, x, ai, ia, bot, virtual, robot, automated",
        "false": "false, no, n, f, 0, nao, falso, human, humano, humana, agent, agente, persona, pessoa, person",
    },
}

_FOLDED = {
    kind: {" ".join(words_of(name)): target for target, names in targets.items() for name in names.split(",")}
    for kind, targets in _NAMES.items()
}


def target_of(value: str, kind: FieldType) -> str | None:
    """Return the state, sentiment or flag that a value is called like; None where none is known."""
    return _FOLDED.get(kind, {}).get(" ".join(words_of(value.casefold())))
