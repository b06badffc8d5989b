// Equipment
