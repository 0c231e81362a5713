"""The path of one request, on one screen: identify, admit, claim, pursue. What is tried then is in `pursue.py`."""

import msgspec

from headgate.domain.errors import Fault, GatewayError, Unavailable
from headgate.pipeline.admit import admit_key
from headgate.pipeline.assess import asked_by
from headgate.pipeline.config import Config
from headgate.pipeline.identify import identify
from headgate.pipeline.intake import read_intake
from headgate.pipeline.kept import keeper_of
from headgate.pipeline.outside import Outside
from headgate.pipeline.ports import Configs, JournalFullError, Replays
from headgate.pipeline.pursue import Pursuit
from headgate.pipeline.receipt import RECEIPT_HEADER, with_receipt
from headgate.pipeline.replay import KEY_HEADER, once
from headgate.pipeline.request import Reply, Request, received
from headgate.pipeline.story import Story
from headgate.policy.access import attribute, check_model


class Pipeline:
    """Runs requests; holds nothing that belongs to one of them."""

    def __init__(self, outside: Outside, *, configs: Configs, replays: Replays) -> None:
        """Take the ports."""
        self._outside = outside
        self._configs = configs
        self._replays = replays

    async def run(self, request: Request) -> Reply:
        """Answer one request.

        Raises:
            GatewayError: for the door to render; it is recorded already.
        """
        config = self._configs.current()
        principal = await identify(self._outside.keys, request.key_hash)
        outside = self._outside
        asked = attribute(principal, request.attribution)
        story = Story(request, principal, asked, outside.journal, outside.clock)
        try:
            reply = await self._governed(request, config, story)
        except JournalFullError as error:
            full = Unavailable("Requests cannot be recorded right now.", code="journal_full", retry_after_s=5)
            story.end_with(full)
            raise full from error
        except GatewayError as error:
            story.end_with(error)
            raise
        except BaseException as error:
            story.end_with(Fault(repr(error)))
            raise
        return with_receipt(reply, story.logged, config) if RECEIPT_HEADER in request.headers else reply

    async def _governed(self, request: Request, config: Config, story: Story) -> Reply:
        principal = story.principal
        organization = admit_key(request, principal, config)
        if organization.capture_content:
            story.keep_text()
        request = await received(request)
        story.received(request)
        intake = read_intake(request.door, request.body, path=request.path, query=request.query, form=request.form)
        story.took(intake)
        asking = asked_by(principal, request, intake, organization, story.attribution)
        story.attribution = asking.attribution
        if refusal := check_model(principal, intake.model):
            raise refusal
        keeper = await keeper_of(self._outside.kept, request.door, intake.fields, principal.organization_id)
        if keeper is not None:
            asking = msgspec.structs.replace(asking, keeper=keeper)
        pursuit = Pursuit(asking, config, story, self._outside)
        if KEY_HEADER in request.headers:
            return await once(self._replays, request, principal, story, pursuit.run)
        return await pursuit.run()
