"""The service that Darkroom replaces, as small as it can be: jobs in memory, and gone with the process."""

from datetime import datetime, timezone
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import FastAPI, File, Form, HTTPException, UploadFile
from pydantic import BaseModel

app = FastAPI()


class Job(BaseModel):
    """What a caller sees of a job."""

    id: UUID
    status: str
    prompt: str
    result_image_url: str | None = None
    error: str | None = None
    created_at: datetime


jobs: dict[UUID, Job] = {}
images: dict[UUID, bytes] = {}


@app.post("/api/jobs", status_code=201)
async def create_job(image: Annotated[UploadFile, File()], prompt: Annotated[str, Form()]) -> Job:
    job = Job(id=uuid4(), status="queued", prompt=prompt, created_at=datetime.now(timezone.utc))
    images[job.id] = await image.read()
    jobs[job.id] = job
    return job


@app.get("/api/jobs/{job_id}")
async def get_job(job_id: UUID) -> Job:
    if job_id not in jobs:
        raise HTTPException(status_code=404, detail="there is no such job")
    return jobs[job_id]
