"""Write the 说明书 chapter of a plan as `report.docx`, from a result folder alone."""
